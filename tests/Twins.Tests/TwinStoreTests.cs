using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.Twins.Tests;

public sealed class TwinStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("  ", "is empty")]
    [InlineData("sqlite:", "has no path")]
    [InlineData("twins.db", "neither 'sqlite:' nor 'mongodb://'")]
    [InlineData("postgres://me:secret@host/db", "'postgres://…' is of no known kind")]
    [InlineData("mongodb://", "not a MongoDB address")]
    [InlineData("mongodb://me:secret@host:notaport/db", "not a MongoDB address")]
    public void Open_BadConnectionString_SaysWhatIsWrongAndNoPassword(string connectionString, string says)
    {
        var error = Assert.Throws<ArgumentException>(() => TwinStore.Open(connectionString)).Message;
        Assert.Contains(says, error, StringComparison.Ordinal);
        Assert.Contains("Give sqlite:PATH", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);

        var invalid = Assert.Throws<ValidationException>(() => Validate(connectionString)).Message;
        Assert.StartsWith("Twins:ConnectionString: ", invalid, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_OwnDefault_IsAStore() => Validate(new TwinOptions().ConnectionString);

    [Fact]
    public async Task Mongo_NobodyThere_SaysWhere()
    {
        await using var store = TwinStore.Open("mongodb://127.0.0.1:1/fleet?serverSelectionTimeoutMS=200");
        var error = await Assert.ThrowsAsync<TwinStoreException>(() => store.FindAsync("V1", Cancel));
        Assert.Contains("mongodb://127.0.0.1:1/fleet does not answer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sqlite_PathThatCannotBe_SaysWhich()
    {
        var file = Path.GetTempFileName();
        try
        {
            await using var store = TwinStore.Open($"sqlite:{file}/twins.db");
            var error = await Assert.ThrowsAsync<TwinStoreException>(() => store.InitializeAsync(Cancel));
            Assert.Contains($"'{file}/twins.db' cannot be used", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Sqlite_NotADatabase_SaysSo()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("This is a letter. ", 200)), Cancel);
            await using var store = TwinStore.Open($"sqlite:{file}");
            var error = await Assert.ThrowsAsync<TwinStoreException>(() => store.InitializeAsync(Cancel));
            Assert.Contains("not a database", error.Message, StringComparison.Ordinal);
            Assert.Contains("delete it, and it is filled anew from the log", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Validate(string connectionString)
    {
        var options = new TwinOptions { ConnectionString = connectionString };
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
    }
}
