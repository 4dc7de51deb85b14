using System.Net;
using System.Reflection;
using Tidepool.Core.Ports;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Tests.Workspaces;

/// <summary>Values by their type alone, each of its own and none a default. A type that it does not know fails the test that asks for it.</summary>
internal sealed class Filled(TimeProvider time)
{
    private int count = 1;

    public static IEnumerable<PropertyInfo> PropertiesOf<T>() => PropertiesOf(typeof(T));

    public T Object<T>() => (T)Object(typeof(T));

    private static IEnumerable<PropertyInfo> PropertiesOf(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);

    private object Value(Type type)
    {
        count++;
        return Nullable.GetUnderlyingType(type) is { } underlying ? Value(underlying)
            : type == typeof(string) ? $"Text {count}"
            : type == typeof(int) ? count
            : type == typeof(long) ? (long)count
            : type == typeof(bool) ? true
            : type.IsEnum ? Enum.GetValues(type).Cast<object>().Last()
            : type == typeof(DateTimeOffset) ? time.GetUtcNow().AddTicks(count)
            : type == typeof(IPAddress) ? new IPAddress([10, 0, 0, (byte)count])
            : type == typeof(WorkspaceId) ? WorkspaceId.New(time)
            : type == typeof(WorkspaceName) ? WorkspaceName.Parse($"name-{count}")
            : type == typeof(PortNumber) ? PortNumber.Parse(PortNumber.Lowest + count)
            : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? List(type.GetGenericArguments()[0])
            : type.Namespace?.StartsWith("Tidepool.", StringComparison.Ordinal) == true && type.IsClass ? Object(type)
            : throw new NotSupportedException($"Say here what a {type} is filled with.");
    }

    private Array List(Type element)
    {
        var items = Array.CreateInstance(element, 2);
        items.SetValue(Value(element), 0);
        items.SetValue(Value(element), 1);
        return items;
    }

    private object Object(Type type)
    {
        if (type.GetConstructors() is not [var constructor])
        {
            throw new NotSupportedException($"{type} can be made in more than one way.");
        }

        // A property that its constructor does not set is set by itself.
        var parameters = constructor.GetParameters();
        var made = constructor.Invoke([.. parameters.Select(Argument)]);
        foreach (var property in PropertiesOf(type).Where(property => parameters.All(parameter => parameter.Name != property.Name)))
        {
            property.SetValue(made, Value(property.PropertyType));
        }

        return made;
    }

    private object Argument(ParameterInfo parameter) => parameter is { HasDefaultValue: true, DefaultValue: bool usual } ? !usual : Value(parameter.ParameterType);
}
