package io.adapt4j.tools.mcp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Json;
import io.adapt4j.tools.Tool;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The servers that a file names, as other clients of the Model Context Protocol have it:
 *
 * <pre>{@code
 * {"mcpServers": {
 *   "files": {"command": "npx", "args": ["-y", "some-server"], "env": {"TOKEN": "${TOKEN}"}},
 *   "search": {"url": "https://example.org/mcp", "headers": {"Authorization": "Bearer ${KEY}"}}}}
 * }</pre>
 *
 * <p>{@code ${NAME}} in a text is the value of an environment variable of this process.
 * Thread-safe.
 */
public final class McpServers implements AutoCloseable {

  private static final Set<String> FIELDS =
      Set.of("type", "command", "args", "env", "url", "headers", "disabled");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");
  private static final int LONGEST_NAME = 64;

  private final List<McpClient> clients;

  private McpServers(List<McpClient> clients) {
    this.clients = List.copyOf(clients);
  }

  /** A field of the file, which messages name by its place; they never have its value. */
  private record Field(String at, JsonNode json) {

    Field get(String name) {
      return new Field(at + "." + name, json.path(name));
    }

    boolean isPresent() {
      return !json.isMissingNode() && !json.isNull();
    }

    IllegalArgumentException expected(String what) {
      String found = isPresent() ? json.getNodeType().toString().toLowerCase(Locale.ROOT) : "none";
      return new IllegalArgumentException(at + ": expected " + what + ", found " + found);
    }

    String text() {
      if (!json.isTextual()) {
        throw expected("a text");
      }
      return VARIABLE.matcher(json.textValue()).replaceAll(this::variable);
    }

    private String variable(MatchResult name) {
      String value = System.getenv(name.group(1));
      if (value == null) {
        throw new IllegalArgumentException(
            at + ": the environment variable " + name.group(1) + " is not set; set it");
      }
      return Matcher.quoteReplacement(value);
    }
  }

  /**
   * Reads a file and connects to its servers.
   *
   * @param file the file, in JSON
   * @return the servers
   * @throws IllegalArgumentException if the file has other contents; the message names the field
   * @throws McpException if a server fails; those connected before are closed
   * @throws IOException if the file cannot be read
   */
  public static McpServers open(Path file) throws IOException {
    Objects.requireNonNull(file, "file");
    List<McpClient> clients = new ArrayList<>();
    try {
      for (McpClient.Builder server : read(file)) {
        clients.add(server.connect());
      }
      return new McpServers(clients);
    } catch (RuntimeException e) {
      clients.forEach(McpClient::close);
      throw e;
    }
  }

  /** Checks the whole file before the first server is started. */
  private static List<McpClient.Builder> read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "%s: expected a file in JSON, found %s"
              .formatted(file, Files.isDirectory(file) ? "a folder" : "none"));
    }
    JsonNode json;
    try {
      json = Json.parseStrictly(BoundedFiles.readText(file, BoundedFiles.SETTINGS));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file + ": expected JSON with the object \"mcpServers\"; " + e.getOriginalMessage(), e);
    }
    Field servers = new Field(file + ": mcpServers", json.path("mcpServers"));
    if (!servers.json().isObject()) {
      throw servers.expected("an object of servers by name");
    }
    List<McpClient.Builder> builders = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : servers.json().properties()) {
      Field server = servers.get(entry.getKey());
      if (!server.json().isObject()) {
        throw server.expected("an object");
      }
      if (!server.get("disabled").json().asBoolean()) {
        builders.add(builder(entry.getKey(), server));
      }
    }
    return builders;
  }

  private static McpClient.Builder builder(String name, Field server) {
    server
        .json()
        .fieldNames()
        .forEachRemaining(
            field -> {
              if (!FIELDS.contains(field)) {
                throw new IllegalArgumentException(
                    server.at() + "." + field + ": not supported; leave it out");
              }
            });
    boolean program = server.get("command").isPresent();
    if (program == server.get("url").isPresent()) {
      throw new IllegalArgumentException(server.at() + ": expected one of command and url");
    }
    Field type = server.get("type");
    if (type.isPresent()
        && !(program ? Set.of("stdio") : Set.of("http", "streamable-http", "streamableHttp"))
            .contains(type.text())) {
      throw new IllegalArgumentException(
          type.at() + ": expected " + (program ? "stdio" : "http") + ", found another");
    }
    try {
      return program ? program(name, server) : remote(name, server);
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(server.at())
          ? e
          : new IllegalArgumentException(server.at() + "." + message, e);
    }
  }

  private static McpClient.Builder program(String name, Field server) {
    List<String> command = new ArrayList<>(List.of(server.get("command").text()));
    Field arguments = server.get("args");
    if (arguments.isPresent() && !arguments.json().isArray()) {
      throw arguments.expected("an array of texts");
    }
    for (JsonNode argument : arguments.json()) {
      command.add(new Field(arguments.at(), argument).text());
    }
    requireNone(server.get("headers"));
    McpClient.Builder builder = McpClient.command(name, command);
    texts(server.get("env")).forEach(builder::environment);
    return builder;
  }

  private static McpClient.Builder remote(String name, Field server) {
    requireNone(server.get("args"));
    requireNone(server.get("env"));
    URI url;
    try {
      url = URI.create(server.get("url").text());
    } catch (IllegalArgumentException e) {
      // The cause has the address, which may have a key.
      throw server.get("url").isPresent() && server.get("url").json().isTextual()
          ? new IllegalArgumentException(server.at() + ".url: expected an address of http or https")
          : e;
    }
    McpClient.Builder builder = McpClient.url(name, url);
    texts(server.get("headers")).forEach(builder::header);
    return builder;
  }

  private static void requireNone(Field field) {
    if (field.isPresent() && !field.json().isEmpty()) {
      throw new IllegalArgumentException(
          field.at() + ": expected none for a server of this kind; leave it out");
    }
  }

  private static Map<String, String> texts(Field object) {
    if (object.isPresent() && !object.json().isObject()) {
      throw object.expected("an object of texts");
    }
    Map<String, String> texts = new LinkedHashMap<>();
    object.json().fieldNames().forEachRemaining(name -> texts.put(name, object.get(name).text()));
    return texts;
  }

  /** {@return the clients, in the order of the file} */
  public List<McpClient> clients() {
    return clients;
  }

  /**
   * Returns the tools of all servers. Tools of the same name get that of their server before it, as
   * {@code files_read}.
   *
   * @return the tools
   * @throws McpException if a server fails
   * @throws IllegalArgumentException if two tools have the same name nevertheless
   */
  public List<Tool> tools() {
    Set<String> once = new HashSet<>();
    Set<String> twice = new HashSet<>();
    List<List<Tool>> each = new ArrayList<>();
    for (McpClient client : clients) {
      List<Tool> tools = client.tools();
      each.add(tools);
      tools.stream().map(Tool::name).filter(name -> !once.add(name)).forEach(twice::add);
    }
    List<Tool> all = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < each.size(); i++) {
      for (Tool tool : each.get(i)) {
        Tool named = twice.contains(tool.name()) ? within(clients.get(i).name(), tool) : tool;
        if (!names.add(named.name())) {
          throw new IllegalArgumentException(
              "MCP servers: there are two tools called '" + named.name() + "'; rename a server");
        }
        all.add(named);
      }
    }
    return all;
  }

  private static Tool within(String server, Tool tool) {
    String name = (server + "_" + tool.name()).replaceAll("[^a-zA-Z0-9_.-]", "_");
    return Tool.of(
            name.substring(0, Math.min(LONGEST_NAME, name.length())),
            tool.description(),
            tool.parameters(),
            tool.function().orElseThrow())
        .lenient();
  }

  /** Closes all clients. */
  @Override
  public void close() {
    clients.forEach(McpClient::close);
  }
}
