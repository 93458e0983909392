using System.Globalization;
using Kappa.Iot.Contracts;
using ScottPlot;

namespace Kappa.Iot.TrainingJob.Evaluation.Report;

/// <summary>The plots of a report.</summary>
internal static class ReportPlots
{
    private const int Small = 400, Wide = 900, Height = 300;
    private static readonly Color Ink = Color.FromHex("#334155"), Grid = Color.FromHex("#e2e8f0"), FaultSpan = Color.FromHex("#f59e0b").WithAlpha(0.22), Raised = Color.FromHex("#dc2626");

    /// <summary>Colours of the detectors, in their order.</summary>
    public static IReadOnlyList<string> Colors { get; } = ["#2563eb", "#94a3b8", "#0d9488", "#a855f7"];

    /// <summary>Precision over recall, by sample.</summary>
    public static string PrecisionRecall(IReadOnlyList<ReportSubject> subjects)
    {
        var plot = New("recall (share of faulty samples)", "precision");
        AddCurves(plot, subjects, point => (point.Recall, point.Precision));
        return InlineSvg.Of(plot, "pr", "Precision over recall, a line a detector", Small, Height);
    }

    /// <summary>True over false positives, by sample.</summary>
    public static string Roc(IReadOnlyList<ReportSubject> subjects)
    {
        var plot = New("false positives (share of normal samples)", "true positives");
        var chance = plot.Add.Line(0, 0, 1, 1);
        (chance.LineColor, chance.LinePattern) = (Grid.Darken(0.2), LinePattern.Dashed);
        AddCurves(plot, subjects, point => (point.FalsePositives, point.Recall));
        return InlineSvg.Of(plot, "roc", "Receiver operating characteristic, a line a detector", Small, Height);
    }

    /// <summary>Share of the faults that are found, over the time since they began.</summary>
    public static string Delays(IReadOnlyList<ReportSubject> subjects)
    {
        var plot = New("minutes since the fault began", "share of faults found");
        var last = subjects.SelectMany(subject => subject.Result.ByFault).Max(fault => fault.Delay ?? 0) / 60;
        for (var i = 0; i < subjects.Count; i++)
        {
            var delays = subjects[i].Result.ByFault.Select(fault => fault.Delay).OfType<double>().Order().ToList();
            var all = (double)subjects[i].Result.Faults;
            List<double> xs = [0], ys = [0];
            for (var k = 0; k < delays.Count; k++)
            {
                xs.AddRange([delays[k] / 60, delays[k] / 60]);
                ys.AddRange([k / all, (k + 1) / all]);
            }
            xs.Add(last);
            ys.Add(delays.Count / all);
            AddLine(plot, xs, ys, i);
        }
        plot.Axes.SetLimits(0, Math.Max(last, 1), 0, 1.02);
        return InlineSvg.Of(plot, "delay", "Share of faults found over time, a line a detector", Small, Height);
    }

    /// <summary>A trip's score, its fault, the threshold, its alerts.</summary>
    public static string Timeline(ChosenTrip chosen, string id)
    {
        var trip = chosen.Trip;
        var plot = New("minutes", "score");
        AddFault(plot, chosen.Fault);
        var threshold = plot.Add.HorizontalLine(0.5, 1, Ink, LinePattern.Dashed);
        threshold.LineColor = Ink;
        AddLine(plot, trip.Steps.Select(step => Minute(trip, step.Score.StartTimeMs)), trip.Steps.Select(step => step.Score.Contributions.Count == 0 ? double.NaN : step.Score.Score_), 0);
        foreach (var alert in trip.Alerts)
        {
            plot.Add.VerticalLine(Minute(trip, alert.RaisedAtMs), 1.5f, Raised);
            plot.Add.Marker(Minute(trip, alert.RaisedAtMs), 1, MarkerShape.FilledTriangleDown, 11, Raised);
        }
        plot.Axes.SetLimits(0, Length(trip), 0, 1.05);
        return InlineSvg.Of(plot, id, $"Score of {trip.Vehicle} over time", Wide, 240);
    }

    /// <summary>What a signal was over a trip, and what the model expected of it.</summary>
    public static string Sensor(ChosenTrip chosen, Signal signal, string id)
    {
        var trip = chosen.Trip;
        var plot = New("minutes", $"{signal.Label}, {signal.Unit}");
        AddFault(plot, chosen.Fault);
        var at = trip.Steps.Select(step => Minute(trip, step.Score.StartTimeMs)).ToList();
        var place = trip.Steps[0].Signals.ToList().IndexOf(signal.Id);
        AddLine(plot, at, trip.Steps.Select(step => (double)step.Expected[place]), 2);
        AddLine(plot, at, trip.Steps.Select(step => (double)step.Observed[place]), 0);
        foreach (var alert in trip.Alerts) plot.Add.VerticalLine(Minute(trip, alert.RaisedAtMs), 1.5f, Raised);
        plot.Axes.AutoScale();
        var limits = plot.Axes.GetLimits();
        plot.Axes.SetLimits(0, Length(trip), limits.Bottom, limits.Top);
        return InlineSvg.Of(plot, id, $"{signal.Label} of {trip.Vehicle}, observed and expected", Wide, 260);
    }

    private static void AddCurves(Plot plot, IReadOnlyList<ReportSubject> subjects, Func<CurvePoint, (double X, double Y)> axes)
    {
        for (var i = 0; i < subjects.Count; i++)
        {
            var points = subjects[i].Result.Curve.Select(axes).ToList();
            AddLine(plot, points.Select(point => point.X), points.Select(point => point.Y), i);
        }
        plot.Axes.SetLimits(0, 1, 0, 1.02);
    }

    private static void AddLine(Plot plot, IEnumerable<double> xs, IEnumerable<double> ys, int color)
    {
        var line = plot.Add.ScatterLine(xs.ToArray(), ys.ToArray(), Color.FromHex(Colors[color % Colors.Count]));
        line.LineWidth = color == 0 ? 2 : 1.7f;
    }

    private static void AddFault(Plot plot, Fault? fault)
    {
        if (fault is null) return;
        var span = plot.Add.HorizontalSpan(fault.FromSecond / 60, fault.ToSecond / 60, FaultSpan);
        span.LineWidth = 0;
    }

    private static double Minute(ScoredTrip trip, long timeMs) => (timeMs - trip.StartMs) / 60_000.0;

    private static double Length(ScoredTrip trip) => Minute(trip, trip.Samples[^1].TimeMs);

    private static Plot New(string x, string y)
    {
        var plot = new Plot();
        plot.FigureBackground.Color = plot.DataBackground.Color = ScottPlot.Colors.Transparent;
        plot.Axes.Color(Ink);
        plot.Grid.MajorLineColor = Grid;
        (plot.Axes.Bottom.Label.Text, plot.Axes.Left.Label.Text) = (x, y);
        foreach (var axis in new[] { plot.Axes.Bottom.Label, plot.Axes.Left.Label }) (axis.FontSize, axis.Bold) = (13, false);
        (plot.Axes.Bottom.TickLabelStyle.FontSize, plot.Axes.Left.TickLabelStyle.FontSize) = (12, 12);
        plot.Axes.Frame(false);
        plot.Axes.Bottom.FrameLineStyle.Width = plot.Axes.Left.FrameLineStyle.Width = 1;
        plot.Axes.Bottom.MinorTickStyle.Length = plot.Axes.Left.MinorTickStyle.Length = 0;
        // Fixed, so that a machine without fonts draws the same.
        plot.Layout.Fixed(new PixelPadding(left: 58, right: 14, bottom: 48, top: 12));
        return plot;
    }
}
