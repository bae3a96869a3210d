namespace Credentialing.Core.Leas;

/// <summary>An LEA as TOMS knows it.</summary>
/// <param name="Id">Its CDS code.</param>
/// <param name="Name">Its name, such as "Fresno Unified".</param>
/// <param name="Coordinators">
/// Who is told about its credentials. <see cref="LeaRegister"/> finds them ordered by <see cref="Coordinator.Id"/>, and
/// saves at most <see cref="MaxCoordinators"/>.
/// </param>
public sealed record Lea(LeaId Id, string Name, IReadOnlyList<Coordinator> Coordinators)
{
    /// <summary>
    /// One entity-group transaction holds 100 operations. Replacing every coordinator by another takes two operations
    /// for each, beside the LEA's own row and the audit event.
    /// </summary>
    public const int MaxCoordinators = 49;

    /// <summary>What to call an LEA in a sentence, known or not.</summary>
    internal static string NameOf(Lea? lea, LeaId leaId) => lea?.Name ?? $"LEA {leaId}";
}
