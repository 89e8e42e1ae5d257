package io.adapt4j.studio.internal.ship;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.run.Processes;
import io.adapt4j.studio.internal.run.Trainer;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.studio.internal.web.Access;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Services of {@code adapt4j serve}, each a process that outlives the studio, whose state is in a
 * folder of the workspace. Its key is in a file that only this user can read.
 */
public final class Services {

  private static final String KIND = "services";
  private static final String FILE = "service.json";
  private static final String KEY_VARIABLE = "ADAPT4J_SERVICE_KEY";
  private static final int KEY_BYTES = 1 << 10;

  private final Workspace workspace;
  private final Trainer commands;
  private final ServiceClient client;

  public Services(Workspace workspace, Trainer commands, ServiceClient client) {
    this.workspace = workspace;
    this.commands = commands;
    this.client = client;
  }

  /** States of a service. */
  public enum State {
    STARTING,
    READY,
    /** Answers what it has begun. */
    STOPPING,
    STOPPED,
    /** Its process is gone though nobody stopped it. */
    FAILED
  }

  /** A service. */
  public record Service(
      String id,
      String name,
      List<String> words,
      int port,
      Instant added,
      Instant changed,
      long pid,
      boolean wanted) {

    public Service {
      words = List.copyOf(words);
    }

    public String address() {
      return "http://127.0.0.1:" + port;
    }

    /** Path of the model below its adapters. */
    public String model() {
      return words.get(1);
    }

    public List<String> all(String option) {
      List<String> values = new ArrayList<>();
      for (int i = 0; i + 1 < words.size(); i++) {
        if (words.get(i).equals(option)) {
          values.add(words.get(i + 1));
        }
      }
      return values;
    }

    public Optional<String> one(String option) {
      return all(option).stream().findFirst();
    }

    /** Returns the most tokens of an answer, at most a number. */
    public int mostTokens(int most) {
      return one("--max-new-tokens")
          .map(text -> Math.min(most, Integer.parseInt(text)))
          .orElse(most);
    }

    /** The model that requests name: the followed one of a registry, else the base. */
    public String called() {
      return one("--follow").map(text -> text.replaceFirst("@.*", "")).orElse(name);
    }
  }

  /** Returns all, the newest first. */
  public List<Service> all() throws IOException {
    return workspace.all(KIND, FILE, this::get, Service::added);
  }

  /** Returns one; refuses an id that there is none of. */
  public Service get(String id) throws IOException {
    return workspace.item(folder(id).resolve(FILE), json -> read(id, json));
  }

  private static Service read(String id, JsonNode json) {
    List<String> words = new ArrayList<>();
    json.path("words").forEach(word -> words.add(word.asText()));
    return new Service(
        id,
        json.path("name").asText(),
        words,
        json.path("port").asInt(),
        Instant.parse(json.path("added").asText()),
        Instant.parse(json.path("changed").asText()),
        json.path("pid").asLong(),
        json.path("wanted").asBoolean());
  }

  private Service save(Service service) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("name", service.name());
    service.words().forEach(json.putArray("words")::add);
    json.put("port", service.port()).put("added", service.added().toString());
    json.put("changed", service.changed().toString()).put("pid", service.pid());
    AtomicFiles.writeJson(folder(service.id()).resolve(FILE), json.put("wanted", service.wanted()));
    return service;
  }

  public Path folder(String id) {
    return workspace.folder(KIND, id);
  }

  /** Returns the file with what the process says. */
  public Path log(String id) {
    return folder(id).resolve("log.txt");
  }

  /** The file with the key that requests show. */
  public Path keyFile(String id) {
    return folder(id).resolve("key");
  }

  String key(String id) throws IOException {
    return Workspace.text(keyFile(id), KEY_BYTES).strip();
  }

  /** Returns whether the model of a service that is ready has a chat template. */
  public boolean chats(String id) throws IOException {
    return started(id).path("chat").asBoolean();
  }

  private JsonNode started(String id) throws IOException {
    Path file = folder(id).resolve("answer.json");
    boolean complete = Files.exists(file) && Files.size(file) > 0;
    return complete ? workspace.json(file) : Json.written("{}");
  }

  /** Adds a service with a new key and a free port, and starts it. */
  public synchronized Service add(String id, String name, List<String> words) throws IOException {
    Disk.createFolders(folder(id));
    writeKey(keyFile(id), Access.randomToken());
    Instant now = Instant.now();
    return start(save(new Service(id, name, words, freePort(0), now, now, 0, false)));
  }

  private static void writeKey(Path file, String key) throws IOException {
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.writeString(file, key, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static int freePort(int wanted) throws IOException {
    try (ServerSocket socket = new ServerSocket(wanted, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      if (wanted == 0) {
        throw e;
      }
      return freePort(0);
    }
  }

  /** Starts a service that does not run, at its port if that is still free. */
  public synchronized Service start(Service service) throws IOException {
    if (process(service).isPresent()) {
      throw new Refusal(409, "refused_active");
    }
    int port = freePort(service.port());
    List<String> words = new ArrayList<>(service.words());
    words.addAll(List.of("--port", "" + port, "--api-key-env", KEY_VARIABLE, "--json"));
    Path answer = folder(service.id()).resolve("answer.json");
    Files.deleteIfExists(answer);
    long pid = 0;
    try {
      Map<String, String> key = Map.of(KEY_VARIABLE, key(service.id()));
      pid = commands.start(words, log(service.id()), answer, key).pid();
    } catch (IOException | IllegalStateException e) {
      Files.writeString(log(service.id()), e.getMessage() + "\n");
    }
    return save(with(service, port, pid, true));
  }

  private static Service with(Service service, int port, long pid, boolean wanted) {
    return new Service(
        service.id(),
        service.name(),
        service.words(),
        port,
        service.added(),
        Instant.now(),
        pid,
        wanted);
  }

  /** Asks a service to end when it has answered what it has begun; asked again, ends it at once. */
  public synchronized void stop(Service service) throws IOException {
    Optional<ProcessHandle> process = process(service);
    if (service.wanted()) {
      save(with(service, service.port(), service.pid(), false));
      process.ifPresent(ProcessHandle::destroy);
    } else {
      process.ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  public State state(Service service) {
    if (process(service).isEmpty()) {
      return service.wanted() ? State.FAILED : State.STOPPED;
    }
    if (!service.wanted()) {
      return State.STOPPING;
    }
    return client.isHealthy(service.address()) ? State.READY : State.STARTING;
  }

  private static Optional<ProcessHandle> process(Service service) {
    return Processes.find(service.pid(), service.changed());
  }

  /** Returns those that answer. */
  public List<Service> ready() throws IOException {
    return all().stream().filter(each -> state(each) == State.READY).toList();
  }

  /** Deletes a service that does not run, with its log and feedback. */
  public synchronized void delete(Service service) throws IOException {
    if (process(service).isPresent()) {
      throw new Refusal(409, "refused_active");
    }
    Workspace.delete(folder(service.id()));
  }

  /** Sends a request of a client to a service. */
  public JsonNode call(Service service, String path, Optional<ObjectNode> body) throws IOException {
    return client.call(service.address() + path, key(service.id()), body);
  }

  /** Sends a request whose answer comes in events, as {@link ServiceClient#stream}. */
  public ObjectNode stream(Service service, String path, ObjectNode body, Consumer<String> said)
      throws IOException {
    return client.stream(service.address() + path, key(service.id()), body, said);
  }

  public List<String> models(Service service, String endpoint) throws IOException {
    List<String> names = new ArrayList<>();
    for (JsonNode model : call(service, "/v1/models", Optional.empty()).path("data")) {
      for (JsonNode each : model.path("endpoints")) {
        if (each.asText().equals(endpoint)) {
          names.add(model.path("id").asText());
        }
      }
    }
    return names;
  }
}
