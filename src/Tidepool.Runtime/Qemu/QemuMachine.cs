using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json.Serialization;
using Tidepool.Core.Network;

namespace Tidepool.Runtime.Qemu;

/// <summary>What is kept of a machine: all that its next start needs, and its place on the bridge.</summary>
/// <param name="Image">The hash of the image that its disk is laid over.</param>
/// <param name="Cpus">Cores.</param>
/// <param name="MemoryMiB">Memory, in MiB.</param>
/// <param name="Environment">The environment that its guest is given.</param>
/// <param name="Link">The host's end of its link.</param>
/// <param name="HardwareAddress">The address of the machine's end.</param>
/// <param name="Address">Its address on the bridge.</param>
/// <param name="User">The user id it runs as.</param>
internal sealed record QemuMachine(
    string Image, int Cpus, int MemoryMiB, IReadOnlyDictionary<string, string> Environment, string Link, string HardwareAddress, string Address, uint User)
{
    [JsonIgnore]
    public NetworkLink Place => new(Link, PhysicalAddress.Parse(HardwareAddress.ToUpperInvariant().Replace(':', '-')), IPAddress.Parse(Address));
}

[JsonSourceGenerationOptions(WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(QemuMachine))]
internal sealed partial class QemuJson : JsonSerializerContext;
