namespace Kappa.Iot.Detection;

/// <summary>How a change point is bet on; each p-value multiplies the martingale by the bet (Fedorova et al. 2012, arXiv:1204.3251).</summary>
public enum Martingale
{
    /// <summary>e p^(e-1), with one e.</summary>
    Power,

    /// <summary>The same, integrated over e from 0 to 1.</summary>
    Mixture,
}
