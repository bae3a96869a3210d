namespace Credentialing.DevHost;

/// <summary>DevHost cannot continue. The message contains the reason and what to do.</summary>
public sealed class DevHostException(string message) : Exception(message);
