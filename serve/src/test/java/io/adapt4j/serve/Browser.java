package io.adapt4j.serve;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** One page of a headless Chromium, told what to do by the protocol of its developer tools. */
final class Browser implements AutoCloseable {

  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "chrome");

  private final Process process;
  private final WebSocket socket;
  private final Map<Integer, CompletableFuture<JsonNode>> calls = new ConcurrentHashMap<>();
  private final List<String> complaints = new ArrayList<>();
  private final List<String> loaded = new ArrayList<>();
  private int last;

  private Browser(Process process, int port) throws IOException, InterruptedException {
    this.process = process;
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/new?about:blank"))
            .PUT(HttpRequest.BodyPublishers.noBody())
            .build();
    String page = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    this.socket =
        client
            .newWebSocketBuilder()
            .buildAsync(
                URI.create(Json.parse(page).get("webSocketDebuggerUrl").asText()), new Listener())
            .join();
    for (String domain : List.of("Page", "Runtime", "Log", "Network", "Accessibility")) {
      call(domain + ".enable", Map.of());
    }
  }

  /** Starts a browser. Without one the test is skipped. */
  static Browser start(Path profile) throws IOException, InterruptedException {
    Optional<Path> found = find();
    assumeTrue(found.isPresent(), "no Chromium on the path; on Debian, apt-get install chromium");
    Process process =
        new ProcessBuilder(
                found.get().toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    Path port = profile.resolve("DevToolsActivePort");
    for (int i = 0; i < 600 && process.isAlive(); i++) {
      if (Files.exists(port) && Files.size(port) > 0) {
        return new Browser(process, Integer.parseInt(Files.readAllLines(port).get(0)));
      }
      Thread.sleep(100);
    }
    process.destroyForcibly();
    throw new IllegalStateException("the browser did not start");
  }

  private static Optional<Path> find() {
    String path = System.getenv().getOrDefault("PATH", "");
    return NAMES.stream()
        .flatMap(name -> Stream.of(path.split(":", -1)).map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private final class Listener implements WebSocket.Listener {

    private final StringBuilder held = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      held.append(data);
      if (last) {
        String text = held.toString();
        held.setLength(0);
        take(text);
      }
      from.request(1);
      return null;
    }
  }

  private void take(String text) {
    JsonNode message;
    try {
      message = Json.parse(text);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    if (message.has("id")) {
      calls.remove(message.get("id").intValue()).complete(message);
      return;
    }
    synchronized (complaints) {
      switch (message.path("method").asText()) {
        case "Runtime.exceptionThrown" -> complaints.add(message.get("params").toString());
        case "Log.entryAdded" -> {
          if (message.at("/params/entry/level").asText().equals("error")) {
            complaints.add(message.get("params").toString());
          }
        }
        case "Network.requestWillBeSent" -> loaded.add(message.at("/params/request/url").asText());
        default -> {}
      }
    }
  }

  private JsonNode call(String method, Map<String, Object> parameters) {
    int id = ++last;
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("id", id).put("method", method);
    json.set("params", PlainJson.tree(parameters));
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    calls.put(id, answer);
    socket.sendText(Json.compact(json), true).join();
    JsonNode found = answer.orTimeout(60, TimeUnit.SECONDS).join();
    if (found.has("error")) {
      throw new IllegalStateException(method + ": " + found.get("error"));
    }
    return found.get("result");
  }

  /** Sets how large the page is. */
  void resize(int width, int height, boolean phone) {
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of(
            "width", width, "height", height, "deviceScaleFactor", phone ? 2 : 1, "mobile", phone));
  }

  void open(URI address) {
    call("Page.navigate", Map.of("url", address.toString()));
    waitFor("document.readyState === 'complete'");
  }

  /** The value of an expression in the page. */
  JsonNode value(String expression) {
    JsonNode result =
        call(
            "Runtime.evaluate",
            Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
    if (result.has("exceptionDetails")) {
      throw new IllegalStateException(expression + ": " + result.get("exceptionDetails"));
    }
    return result.at("/result/value");
  }

  void waitFor(String condition) {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!value("!!(" + condition + ")").booleanValue()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(
            "not within a minute: " + condition + "; " + value("document.body.innerText"));
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }

  /** Types into what has the focus. */
  void type(String text) {
    call("Input.insertText", Map.of("text", text));
  }

  void press(String key, int code) {
    for (String type : List.of("keyDown", "keyUp")) {
      call(
          "Input.dispatchKeyEvent",
          Map.of(
              "type",
              type,
              "key",
              key,
              "code",
              key,
              "windowsVirtualKeyCode",
              code,
              "text",
              type.equals("keyDown") && code == 13 ? "\r" : ""));
    }
  }

  /** Clicks at the middle of an element. */
  void click(String selector) {
    JsonNode at =
        value(
            "(() => { const e = document.querySelector('"
                + selector
                + "'); e.scrollIntoView({block: 'nearest'});"
                + " const r = e.getBoundingClientRect();"
                + " return { x: r.x + r.width / 2, y: r.y + r.height / 2 }; })()");
    for (String type : List.of("mousePressed", "mouseReleased")) {
      call(
          "Input.dispatchMouseEvent",
          Map.of(
              "type",
              type,
              "x",
              at.get("x").asDouble(),
              "y",
              at.get("y").asDouble(),
              "button",
              "left",
              "clickCount",
              1));
    }
  }

  /** Elements as a screen reader has them. */
  JsonNode accessibility() {
    return call("Accessibility.getFullAXTree", Map.of()).get("nodes");
  }

  /** What the browser complained of: exceptions, and what the page was not allowed to do. */
  List<String> complaints() {
    synchronized (complaints) {
      return List.copyOf(complaints);
    }
  }

  /** The addresses of all that was loaded. */
  List<String> loaded() {
    synchronized (complaints) {
      return List.copyOf(loaded);
    }
  }

  /** Keeps a picture of the page, where a folder for pictures is named. */
  void picture(String name) throws IOException {
    String folder = System.getProperty("adapt4j.screenshots");
    if (folder != null) {
      String data = call("Page.captureScreenshot", Map.of()).get("data").asText();
      Files.createDirectories(Path.of(folder));
      Files.write(Path.of(folder, name + ".png"), Base64.getDecoder().decode(data));
    }
  }

  @Override
  public void close() {
    socket.abort();
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    all.add(process.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
    // They write to the profile until their end.
    all.forEach(handle -> handle.onExit().join());
  }
}
