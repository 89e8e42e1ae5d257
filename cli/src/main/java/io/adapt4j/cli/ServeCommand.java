package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.ServerLimits;
import io.adapt4j.serve.vision.ServedVision;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves a model over HTTP. */
@Command(
    name = "serve",
    description =
        "Answers over HTTP as clients of OpenAI's API ask, until it is told to end (Ctrl-C), after"
            + " which it finishes what runs.",
    mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {

  @Mixin private ModelArgument model;
  @Mixin private ServedParts parts;
  @Mixin private ServedParts.Transcriber transcriber;
  @Mixin private ModelArgument.Draft draft;
  @Mixin private FeedbackArguments feedback;
  @Mixin private ServedParts.Kept kept;
  @Mixin private FollowArguments follow;
  @Mixin private Output output;

  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      description = "An adapter to put on the model. May be given more than once.")
  private final List<Path> adapters = new ArrayList<>();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Model name in requests; default the name of its folder.")
  private String name;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8080",
      description = "Port to listen on; default ${DEFAULT-VALUE}, 0 for a port that is free.")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description =
          "The address to listen at; default this machine alone. 0.0.0.0 is all addresses, which"
              + " needs a key.")
  private String host;

  @Option(
      names = "--api-key-env",
      paramLabel = "VARIABLE",
      description =
          "The environment variable with the key that requests must show, so that it does not"
              + " stand in a list of processes.")
  private String keyVariable;

  @Option(
      names = "--adapter-folder",
      paramLabel = "FOLDER",
      description =
          "A folder of adapters, each in a folder of its name, that may be added and removed over"
              + " HTTP while the server runs; needs --admin-key-env.")
  private Path adapterFolder;

  @Option(
      names = "--admin-key-env",
      paramLabel = "VARIABLE",
      description =
          "The environment variable with the key that requests to add and remove adapters must"
              + " show; not the one of --api-key-env.")
  private String adminKeyVariable;

  @Option(
      names = "--allow-anyone",
      description = "Need no key, also where other machines reach the server.")
  private boolean allowAnyone;

  @Option(
      names = "--allow-origin",
      paramLabel = "ORIGIN",
      description =
          "A site whose pages may ask from within a browser, such as https://example.org, or * for"
              + " all. May be given more than once.")
  private final List<String> origins = new ArrayList<>();

  @Option(
      names = "--allow-image-urls",
      description =
          "Download pictures that requests name by http and https URLs, from addresses of the public"
              + " internet alone.")
  private boolean allowImageUrls;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description = "Most tokens of an answer; default 4096.")
  private Integer maxNewTokens;

  @Option(
      names = "--max-answers",
      paramLabel = "N",
      description = "Most answers that are computed or wait at the same time; default 128.")
  private Integer maxAnswers;

  @Option(
      names = "--max-seconds",
      paramLabel = "N",
      description = "Most seconds of a request, after which its answer ends; default 600.")
  private Integer maxSeconds;

  @Option(
      names = "--max-pause",
      paramLabel = "MILLIS",
      description =
          "Milliseconds to aim at between two tokens of an answer while prompts of others are"
              + " read; default no limit.")
  private Integer maxPause;

  @Option(
      names = "--cache-type",
      paramLabel = "TYPE",
      defaultValue = "plain",
      description =
          "What keys and values of read tokens are held in: plain, the type of the computation, or"
              + " q8, 8 bits, about half the memory of half precision. Default ${DEFAULT-VALUE}.")
  private String cacheType;

  @Option(
      names = "--free-windows",
      description =
          "Free what layers with a sliding window no longer see. A prompt then goes on from an"
              + " earlier one at its end only.")
  private boolean freeWindows;

  @Mixin private Adapters.Template template;

  @Option(
      names = "--page",
      negatable = true,
      description =
          "Show a page to try the model with, or none; by default where only this machine reaches"
              + " the server.")
  private Boolean page;

  @Option(
      names = "--access-log",
      description = "Write a line on standard error for every request, without prompts or answers.")
  private boolean accessLog;

  private final CountDownLatch stopped = new CountDownLatch(1);

  ServeCommand() {}

  @Override
  public Integer call() throws InterruptedException {
    ModelServer.Builder settings = settings();
    if (maxPause != null) {
      requirePositive("--max-pause", maxPause);
    }
    Optional<ChatTemplate> chosen = template.resolve();
    boolean inEightBits = cachesInEightBits();
    parts.requirePaths();
    transcriber.requirePath();
    Path folder = model.folder();
    follow.require();
    kept.apply(settings);
    feedback.apply(settings, follow.ratings());
    Adapter[] loaded = template.adapters(adapters);
    try (Interruption interruption = new Interruption(stopped::countDown);
        ModelArgument.Loaded texts = ModelArgument.Loaded.load(folder, loaded)) {
      LanguageModel opened = texts.texts();
      chosen.ifPresent(found -> template.use(opened, found));
      opened.cacheInEightBits(inEightBits);
      opened.freeWindows(freeWindows);
      if (maxPause != null) {
        opened.limitPause(Duration.ofMillis(maxPause));
      }
      kept.apply(opened);
      String called = name != null ? name : ServedParts.nameOf(folder);
      texts
          .vision()
          .ifPresentOrElse(
              vision -> settings.model(called, new ServedVision(vision)),
              () -> settings.model(called, opened));
      try (ServedParts.Opened served =
          parts.open(settings, opened, template.allowsAny(), maxNewTokens)) {
        transcriber.open(settings, served);
        served.keep(draft.open(opened));
        served.keep(follow.open(settings, opened, template.allowsAny(), output.err()));
        String asked = follow.name().orElse(called);
        run(settings, asked, opened.hasChatTemplate(), texts.vision().isPresent());
      }
    }
    return ExitCode.OK;
  }

  private boolean cachesInEightBits() {
    if (!List.of("plain", "q8").contains(cacheType)) {
      throw new IllegalArgumentException(
          "--cache-type: expected plain or q8, found "
              + cacheType
              + ". Give one of them, or leave it out for plain.");
    }
    return cacheType.equals("q8");
  }

  private void run(
      ModelServer.Builder settings, String called, boolean chats, boolean readsPictures)
      throws InterruptedException {
    try (ModelServer server = started(settings)) {
      tell(server, called, chats, readsPictures);
      stopped.await();
      output.err().println("Stopping when what runs is answered.");
      output.err().flush();
    }
  }

  private ModelServer started(ModelServer.Builder settings) {
    try {
      return settings.start();
    } catch (UncheckedIOException e) {
      throw new IllegalArgumentException(
          "--port: " + e.getMessage() + ". Give another, or 0 for one that is free.", e);
    }
  }

  private ModelServer.Builder settings() {
    ModelServer.Builder settings = ModelServer.builder();
    SamplingArguments.set("--port", () -> settings.port(port));
    settings.limits(limits());
    if (host != null) {
      settings.address(address());
    }
    if (keyVariable != null) {
      settings.apiKey(key("--api-key-env", keyVariable));
    }
    letAddAdapters(settings);
    if (allowAnyone) {
      settings.allowAnyone();
    }
    if (page != null) {
      settings.page(page);
    }
    origins.forEach(settings::allowOrigin);
    if (allowImageUrls) {
      settings.allowPictureUrls();
    }
    if (accessLog) {
      settings.accessLog(
          entry -> {
            output.err().println(entry);
            output.err().flush();
          });
    }
    if (host != null && !address().isLoopbackAddress() && keyVariable == null && !allowAnyone) {
      throw new IllegalArgumentException(
          "--host: other machines reach "
              + host
              + ", and no key is needed. Give --api-key-env, or --allow-anyone.");
    }
    return settings;
  }

  private void letAddAdapters(ModelServer.Builder settings) {
    if ((adapterFolder == null) != (adminKeyVariable == null)) {
      throw new IllegalArgumentException(
          "--adapter-folder and --admin-key-env: expected both or none. Give the other too.");
    }
    if (adapterFolder == null) {
      return;
    }
    if (!Files.isDirectory(adapterFolder)) {
      throw new IllegalArgumentException(
          "--adapter-folder: expected a folder of adapters, found none at " + adapterFolder + ".");
    }
    settings.adapterFolder(adapterFolder, key("--admin-key-env", adminKeyVariable));
  }

  private ServerLimits limits() {
    ServerLimits limits = ServerLimits.defaults();
    if (maxNewTokens != null) {
      requirePositive("--max-new-tokens", maxNewTokens);
      limits = limits.withNewTokens(maxNewTokens);
    }
    if (maxAnswers != null) {
      requirePositive("--max-answers", maxAnswers);
      limits = limits.withAnswers(maxAnswers);
    }
    if (maxSeconds != null) {
      requirePositive("--max-seconds", maxSeconds);
      limits = limits.withRequestTime(Duration.ofSeconds(maxSeconds));
    }
    return limits;
  }

  private static void requirePositive(String option, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          option + ": expected at least 1, found " + value + ". Correct the option.");
    }
  }

  private boolean showsPage() {
    return page != null ? page : host == null || address().isLoopbackAddress();
  }

  private InetAddress address() {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "--host: expected an address of this machine, found " + host + ".", e);
    }
  }

  private static String key(String option, String variable) {
    String key = System.getenv(variable);
    if (key == null || key.isBlank()) {
      throw new IllegalArgumentException(
          option + ": expected a variable with a key, found " + variable + ", which is not set.");
    }
    return key.strip();
  }

  private void tell(ModelServer server, String called, boolean chats, boolean readsPictures) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("address", server.address().toString())
            .put("model", called)
            .put("chat", chats)
            .put("pictures", readsPictures);
    String path = chats ? "/v1/chat/completions" : "/v1/completions";
    String asked =
        chats
            ? "\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]"
            : "\"prompt\": \"Once upon a time\"";
    String header = keyVariable == null ? "" : "-H \"Authorization: Bearer $" + keyVariable + "\" ";
    output.write(
        "Serving "
            + called
            + (readsPictures ? ", which reads pictures," : "")
            + " at "
            + server.address()
            + "; Ctrl-C stops.\n"
            + (showsPage() ? "Try it in a browser at " + server.address() + "/\n" : "")
            + (chats ? "" : "It has no chat template; --chat-template gives one.\n")
            + "\ncurl "
            + server.address()
            + path
            + " \\\n  -H \"Content-Type: application/json\" "
            + header
            + "\\\n  -d '{\"model\": \""
            + called
            + "\", "
            + asked
            + "}'\n",
        json);
  }
}
