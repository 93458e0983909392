namespace Kappa.Iot.TrainingJob.Evaluation.Report;

/// <summary>How a report looks.</summary>
internal static class ReportStyle
{
    public const string Css = """
        :root { color-scheme: light; --ink: #1e293b; --soft: #64748b; --line: #e2e8f0; --blue: #2563eb; }
        * { box-sizing: border-box; }
        body { margin: 0; background: #f8fafc; color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 1280px; margin: 0 auto; padding: 32px 24px 64px; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 8px; } h2 { font-size: 1.25rem; margin: 0 0 12px; } h3 { font-size: 1rem; margin: 0; }
        header p { overflow-wrap: anywhere; } header p, .note, figcaption { color: var(--soft); margin: 0 0 8px; } header b { color: var(--ink); font-weight: 600; }
        section { background: #fff; border: 1px solid var(--line); border-radius: 10px; padding: 20px 24px; margin-top: 20px; }
        section.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 20px; }
        .tile .name { color: var(--soft); font-size: .9rem; } .tile .value { font-size: 2rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
        .tile { font-size: .9rem; } .tile .range, small { color: var(--soft); font-size: .8rem; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: right; padding: 7px 10px; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
        th:first-child { text-align: left; } thead th { color: var(--soft); font-weight: 500; font-size: .85rem; vertical-align: bottom; } tbody th { font-weight: 500; } tbody tr:last-child > * { border-bottom: 0; }
        td small { display: block; } td.words, th.words { text-align: left; } td.words { white-space: normal; min-width: 14em; }
        .scroll { overflow-x: auto; } .scroll.wide svg { min-width: 660px; }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 20px; }
        figure { margin: 0 0 20px; } .plots figure, figure:last-child { margin: 0; } svg { display: block; width: 100%; height: auto; font-family: inherit; }
        .scroll.wide svg { max-width: none !important; }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 12px; font-size: .9rem; color: var(--soft); }
        i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 7px; vertical-align: middle; }
        i.fault { height: 12px; background: #fde7c2; } i.dashed { height: 0; border-top: 2px dashed var(--ink); border-radius: 0; }
        .bar { display: inline-block; width: 64px; height: 8px; background: #eef2f7; border-radius: 4px; margin-right: 8px; overflow: hidden; } .bar span { display: block; height: 100%; background: var(--blue); }
        .shares { width: auto; min-width: min(100%, 520px); } .shares .bar { width: min(260px, 30vw); }
        ul { margin: 0; padding-left: 1.2em; } li { margin: 4px 0; }
        @media (max-width: 600px) { main { padding: 20px 10px 40px; } section { padding: 14px; } h1 { font-size: 1.5rem; } section.tiles { grid-template-columns: 1fr 1fr; gap: 16px 12px; } .tile .value { font-size: 1.6rem; } th, td { padding: 6px 8px; font-size: .9rem; } }
        @media print { body { background: #fff; } section { break-inside: avoid; border: 0; padding: 0; } }
        """;
}
