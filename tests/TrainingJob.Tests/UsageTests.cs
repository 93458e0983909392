using Kappa.Iot.Terminal;
using Kappa.Iot.TrainingJob.Commands;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class UsageTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("train")]
    [InlineData("train --profile p")]
    [InlineData("train --profile p --from yesterday")]
    [InlineData("train --profile p --from -1h --to -2h")]
    [InlineData("train --profile p --from -1h --traces .")]
    [InlineData("train --profile p --from -1h --false-alerts-per-hour 0")]
    [InlineData("train --profile p --from -1h --folds 1")]
    [InlineData("train --profile p --traces . --to -1h")]
    [InlineData("drift --from -1h --to -2h")]
    [InlineData("backtest --model m --from -1h --to -2h")]
    [InlineData("evaluate --model m --from -1h --to -2h")]
    [InlineData("export --out . --from -1h --to -2h")]
    [InlineData("promote")]
    [InlineData("evaluate --train .")]
    [InlineData("evaluate --test .")]
    [InlineData("evaluate --train . --model m --test .")]
    [InlineData("evaluate --model m --test . --from -1h")]
    [InlineData("fly")]
    public async Task Wrong_usage_ends_with_2_and_says_why(string line)
    {
        var run = await Run.Of(line.Split(' '));
        Assert.Equal(2, run.ExitCode);
        Assert.NotEmpty(run.People);
    }

    [Fact]
    public void Parse_TimesBeforeNow_CountBack()
    {
        Assert.Equal(Now.AddHours(-2), TimeArgument.Parse("-2h", Now));
        Assert.Equal(Now.AddMinutes(-90), TimeArgument.Parse("-90m", Now));
        Assert.Equal(Now.AddSeconds(-1.5), TimeArgument.Parse("-1.5s", Now));
        Assert.Equal(Now.AddDays(-7), TimeArgument.Parse("-7d", Now));
        Assert.Equal(Now, TimeArgument.Parse("now", Now));
    }

    [Fact]
    public void Parse_Iso8601_IsUtcUnlessItSaysOtherwise()
    {
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero), TimeArgument.Parse("2026-01-31T12:00:00", Now));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero), TimeArgument.Parse("2026-01-31T12:00:00+02:00", Now));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("-h")]
    [InlineData("-2w")]
    [InlineData("--2h")]
    [InlineData("soon")]
    public void Parse_AnythingElse_Throws(string text) => Assert.Throws<FormatException>(() => TimeArgument.Parse(text, Now));
}
