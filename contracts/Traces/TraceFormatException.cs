namespace Kappa.Iot.Contracts;

/// <summary>A recorded trace that cannot be read. The message names file, line and what is wrong with it.</summary>
public sealed class TraceFormatException(string file, long line, string problem, Exception? inner = null)
    : FormatException($"{file}{(line > 0 ? $", line {line}" : "")}: {problem}", inner)
{
    public string File { get; } = file;

    /// <summary>1 is the header; 0 where the whole file is meant.</summary>
    public long Line { get; } = line;
}
