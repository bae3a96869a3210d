namespace Credentialing.DevHost;

/// <summary>DevHost cannot continue. The message tells the user why and what to do.</summary>
public sealed class DevHostException(string message) : Exception(message);
