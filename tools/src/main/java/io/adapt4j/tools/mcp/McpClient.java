package io.adapt4j.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.internal.provenance.SystemInfo;
import io.adapt4j.structured.ConstraintLimits;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.UnsupportedConstraintException;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.internal.rpc.Rpc;
import io.adapt4j.tools.mcp.McpException.Kind;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client of a server of the Model Context Protocol (revisions 2025-03-26 to 2025-11-25), whose
 * tools a model can call.
 *
 * <pre>{@code
 * try (McpClient files = McpClient.command("files", List.of("npx", "some-server")).connect()) {
 *   ToolRun run = ToolChat.of(model).tools(files.tools()).run(messages, options, 5);
 * }
 * }</pre>
 *
 * <p>A server that has ended is started again, and one whose session has ended is connected again,
 * by the next call. Calls may run on several threads. Messages of exceptions have no values of the
 * environment or headers.
 */
public final class McpClient implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(McpClient.class);

  private static final int MOST_PAGES = 100;
  private static final int LONGEST_NAME = 64;
  private static final Pattern HEADER = Pattern.compile("[\\w!#$%&'*+.^`|~-]+");
  private static final Pattern HEADER_VALUE = Pattern.compile("[\\x21-\\x7e]+( +[\\x21-\\x7e]+)*");

  private final Server server;
  private final Supplier<Transport> transports;
  private final Duration timeout;
  private final int mostTools;
  private @Nullable Connection connection;
  private final AtomicInteger changes = new AtomicInteger();
  private @Nullable List<Tool> tools;
  private int listedAt;
  private boolean closed;

  private McpClient(
      Server server, Supplier<Transport> transports, Duration timeout, int mostTools) {
    this.server = server;
    this.transports = transports;
    this.timeout = timeout;
    this.mostTools = mostTools;
  }

  /**
   * Creates a builder for a server that is a program, started in a separate process.
   *
   * @param name the server's name, for messages
   * @param command the program and its arguments
   * @return a builder
   * @throws IllegalArgumentException if the name or the command is blank
   */
  public static Builder command(String name, List<String> command) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(command, "command");
    if (command.isEmpty() || command.get(0).isBlank()) {
      throw new IllegalArgumentException("command: expected a program, found none");
    }
    return new Builder(name, List.copyOf(command), null);
  }

  /**
   * Creates a builder for a server reached over Streamable HTTP.
   *
   * @param name the server's name, for messages
   * @param url its address, of {@code http} or {@code https}
   * @return a builder
   * @throws IllegalArgumentException if the name is blank, or the address of another kind
   */
  public static Builder url(String name, URI url) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(url, "url");
    if (url.getHost() == null
        || url.getUserInfo() != null
        || !List.of("http", "https").contains(url.getScheme())) {
      throw new IllegalArgumentException(
          "url: expected an address of http or https without a user, found another");
    }
    return new Builder(name, null, url);
  }

  /** {@return the server's name} */
  public String name() {
    return server.name();
  }

  /**
   * Returns the server's tools, and lists them again after the server said that they changed. Their
   * functions call the server. Characters that {@link Tool} does not allow in a name are replaced
   * by underscores. A schema that cannot be enforced is logged; the model then may pass any
   * arguments ({@link Tool#lenient}).
   *
   * @return the tools
   * @throws McpException if the server fails, or has too many tools or a schema beyond {@link
   *     ConstraintLimits}
   */
  public List<Tool> tools() {
    int seen = changes.get();
    synchronized (this) {
      if (tools != null && listedAt == seen && connection != null && connection.isOpen()) {
        return tools;
      }
    }
    List<Tool> listed = list();
    synchronized (this) {
      tools = listed;
      listedAt = seen;
    }
    return listed;
  }

  private List<Tool> list() {
    Map<String, Tool> listed = new LinkedHashMap<>();
    ObjectNode params = JsonNodeFactory.instance.objectNode();
    for (int page = 1; ; page++) {
      JsonNode result = request(Rpc.LIST, params);
      if (!result.path("tools").isArray()) {
        throw server.failure(Kind.PROTOCOL, "the result of tools/list has no array 'tools'");
      }
      for (JsonNode json : result.path("tools")) {
        Tool tool = tool(json);
        if (listed.putIfAbsent(tool.name(), tool) != null) {
          throw server.failure(
              Kind.PROTOCOL, "it has two tools called '" + server.shown(tool.name()) + "'");
        }
        if (listed.size() > mostTools) {
          throw server.failure(
              Kind.LIMIT, "it has more than " + mostTools + " tools; raise the limit maxTools");
        }
      }
      String next = result.path("nextCursor").asText("");
      if (next.isEmpty()) {
        return enforceable(listed.values());
      }
      if (page == MOST_PAGES) {
        throw server.failure(Kind.LIMIT, "its list of tools has more than " + page + " pages");
      }
      params = JsonNodeFactory.instance.objectNode().put("cursor", next);
    }
  }

  private Tool tool(JsonNode json) {
    String name = json.path("name").asText("");
    if (name.isEmpty() || !json.path("inputSchema").isObject()) {
      throw server.failure(
          Kind.PROTOCOL,
          "a tool needs a name and an inputSchema, found '%s'".formatted(server.shown(name)));
    }
    String allowed = name.replaceAll("[^a-zA-Z0-9_.-]", "_");
    @SuppressWarnings("unchecked")
    Map<String, Object> schema =
        (Map<String, Object>) Objects.requireNonNull(PlainJson.value(json.path("inputSchema")));
    try {
      return Tool.of(
              allowed.substring(0, Math.min(LONGEST_NAME, allowed.length())),
              json.path("description").asText(""),
              schema,
              arguments -> call(name, arguments))
          .lenient();
    } catch (IllegalArgumentException e) {
      throw server.failure(Kind.PROTOCOL, server.shown(e.getMessage()), e);
    }
  }

  /** Logs schemas with unsupported parts. All share the limits, which refuse hostile ones. */
  private List<Tool> enforceable(Collection<Tool> listed) {
    ConstraintLimits.defaults()
        .run(
            () -> false,
            () -> {
              listed.forEach(this::check);
              return listed;
            });
    return List.copyOf(listed);
  }

  private void check(Tool tool) {
    try {
      JsonSchema.of(tool.parameters());
    } catch (UnsupportedConstraintException e) {
      // The message names the limit that the schema exceeds.
      if (String.valueOf(e.getMessage()).contains("ConstraintLimits")) {
        throw server.failure(
            Kind.LIMIT,
            "the schema of the tool '%s' is too costly: %s"
                .formatted(tool.name(), server.shown(e.getMessage())),
            e);
      }
      LOG.warn(
          "MCP server '{}': the schema of the tool '{}' is not enforced: {}",
          name(),
          tool.name(),
          server.shown(e.getMessage()));
    }
  }

  /**
   * Calls a tool.
   *
   * @param tool the tool's name on the server
   * @param arguments texts, numbers, booleans, null, lists and maps
   * @return the result's text: its texts, and structured content as JSON unless a text is the same;
   *     after {@code Error: } if the tool failed
   * @throws McpException if the server fails, or the result has other content than text
   */
  public String call(String tool, Map<String, ?> arguments) {
    Objects.requireNonNull(tool, "tool");
    Objects.requireNonNull(arguments, "arguments");
    ObjectNode params = JsonNodeFactory.instance.objectNode().put("name", tool);
    params.set("arguments", PlainJson.object(arguments));
    return ToolResult.text(server, tool, request(Rpc.CALL, params));
  }

  /**
   * Checks that the server answers.
   *
   * @throws McpException if it does not
   */
  public void ping() {
    request(Rpc.PING, JsonNodeFactory.instance.objectNode());
  }

  private JsonNode request(String method, ObjectNode params) {
    try {
      return connection().request(method, params, timeout);
    } catch (ExpiredException e) {
      LOG.debug("MCP server '{}': its session has ended; connecting again", name());
    }
    try {
      return connection().request(method, params, timeout);
    } catch (ExpiredException e) {
      throw server.failure(Kind.UNAVAILABLE, "its sessions end at once");
    }
  }

  private synchronized Connection connection() {
    if (closed) {
      throw new IllegalStateException("MCP server '" + name() + "': the client has been closed");
    }
    if (connection == null || !connection.isOpen()) {
      connection =
          Connection.open(
              server,
              transports.get(),
              changes::incrementAndGet,
              timeout,
              SystemInfo.libraryVersion());
    }
    return connection;
  }

  /** Ends the connection, and the server's process. Closing twice is harmless. */
  @Override
  public void close() {
    Connection open;
    synchronized (this) {
      closed = true;
      open = connection;
      connection = null;
    }
    if (open != null) {
      open.close();
    }
  }

  /** Settings of a client. */
  public static final class Builder {

    private final String name;
    private final @Nullable List<String> command;
    private final @Nullable URI url;
    private final Map<String, String> values = new LinkedHashMap<>();
    private Duration timeout = Duration.ofMinutes(1);
    private int messageBytes = 4 << 20;
    private int maxTools = 128;

    private Builder(String name, @Nullable List<String> command, @Nullable URI url) {
      if (name.isBlank()) {
        throw new IllegalArgumentException("name: expected a name, found a blank one");
      }
      this.name = name;
      this.command = command;
      this.url = url;
    }

    /**
     * Sets a variable in the environment of a program. It has no others but a few such as {@code
     * PATH} and {@code HOME}.
     *
     * @param variable the variable's name
     * @param value its value, which no message has
     * @return this
     * @throws IllegalArgumentException if the server is no program, or the name is invalid
     */
    public Builder environment(String variable, String value) {
      Objects.requireNonNull(variable, "variable");
      Objects.requireNonNull(value, "value");
      if (command == null || variable.isEmpty() || variable.contains("=")) {
        throw new IllegalArgumentException(
            "environment: expected the name of a variable, for a program");
      }
      if ((variable + value).indexOf('\0') >= 0) {
        throw new IllegalArgumentException("environment: expected no character 0 in " + variable);
      }
      values.put(variable, value);
      return this;
    }

    /**
     * Sets a header of each request over HTTP, such as {@code Authorization}.
     *
     * @param header the header's name
     * @param value its value, visible characters of ASCII, which no message has
     * @return this
     * @throws IllegalArgumentException if the server is a program, or either is invalid
     */
    public Builder header(String header, String value) {
      Objects.requireNonNull(header, "header");
      Objects.requireNonNull(value, "value");
      if (url == null || !HEADER.matcher(header).matches()) {
        throw new IllegalArgumentException("headers: expected the name of a header, for a url");
      }
      if (!HEADER_VALUE.matcher(value).matches()) {
        throw new IllegalArgumentException(
            "headers: expected visible characters of ASCII as the value of " + header);
      }
      values.put(header, value);
      return this;
    }

    /**
     * Sets the maximum time of a request, the first connection included; default 1 minute. A
     * request that takes longer is canceled.
     *
     * @param most 1 ms to 1 day
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder timeout(Duration most) {
      Objects.requireNonNull(most, "timeout");
      if (most.compareTo(Duration.ofMillis(1)) < 0 || most.compareTo(Duration.ofDays(1)) > 0) {
        throw new IllegalArgumentException("timeout: expected 1 ms to 1 day, found " + most);
      }
      timeout = most;
      return this;
    }

    /**
     * Sets the maximum size of a message of the server; default 4 MiB.
     *
     * @param most bytes, from 1 MiB to 128 MiB
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder messageBytes(int most) {
      if (most < 1 << 20 || most > 128 << 20) {
        throw new IllegalArgumentException(
            "messageBytes: expected 1 MiB to 128 MiB, found " + most + " bytes");
      }
      messageBytes = most;
      return this;
    }

    /**
     * Sets the maximum number of tools; default 128.
     *
     * @param most at least 1
     * @return this
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxTools(int most) {
      if (most < 1) {
        throw new IllegalArgumentException("maxTools: expected at least 1, found " + most);
      }
      maxTools = most;
      return this;
    }

    /**
     * Starts or reaches the server, and agrees on a version of the protocol.
     *
     * @return the client
     * @throws McpException if the server fails or has no tools
     */
    public McpClient connect() {
      Server server = Server.of(name, values.values());
      Map<String, String> copy = Map.copyOf(values);
      Supplier<Transport> transports =
          command == null
              ? () ->
                  new HttpTransport(
                      server, Objects.requireNonNull(url), copy, messageBytes, timeout)
              : () -> new StdioTransport(server, command, copy, messageBytes);
      McpClient client = new McpClient(server, transports, timeout, maxTools);
      client.connection();
      return client;
    }
  }
}
