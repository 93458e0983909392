namespace Kappa.Iot.Embedded.Groups;

/// <summary>The kinds of records in the offsets topic; the numbers are Kafka's.</summary>
internal enum GroupRecordKind : short
{
    Offset = 1,

    /// <summary>A group of the classic protocol, with its members.</summary>
    Group = 2,

    /// <summary>That of a group of the consumer protocol.</summary>
    Epoch = 3,

    /// <summary>What a member of the consumer protocol said about itself.</summary>
    Member = 5,

    /// <summary>What it was told it may have.</summary>
    Assignment = 8,
}
