package io.adapt4j.studio;

import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.serve.internal.http.DaemonThreads;
import io.adapt4j.studio.internal.data.Doctor;
import io.adapt4j.studio.internal.data.Inspections;
import io.adapt4j.studio.internal.exam.Corrected;
import io.adapt4j.studio.internal.exam.ExamDrafts;
import io.adapt4j.studio.internal.exam.ExamResults;
import io.adapt4j.studio.internal.exam.ExamStores;
import io.adapt4j.studio.internal.exam.Exams;
import io.adapt4j.studio.internal.exam.Trainings;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.page.Looks;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.plan.Estimates;
import io.adapt4j.studio.internal.plan.ModelFits;
import io.adapt4j.studio.internal.run.RunQueue;
import io.adapt4j.studio.internal.run.Trainer;
import io.adapt4j.studio.internal.screen.CompareScreen;
import io.adapt4j.studio.internal.screen.DataScreen;
import io.adapt4j.studio.internal.screen.DoctorScreen;
import io.adapt4j.studio.internal.screen.ExamScreen;
import io.adapt4j.studio.internal.screen.MachineScreen;
import io.adapt4j.studio.internal.screen.MaskScreen;
import io.adapt4j.studio.internal.screen.PlanScreen;
import io.adapt4j.studio.internal.screen.PreferencesScreen;
import io.adapt4j.studio.internal.screen.RunScreen;
import io.adapt4j.studio.internal.screen.StartScreen;
import io.adapt4j.studio.internal.screen.UploadScreen;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Plans;
import io.adapt4j.studio.internal.store.Preferences;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Uploads;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.studio.internal.web.Access;
import io.adapt4j.studio.internal.web.HttpFront;
import io.adapt4j.studio.internal.web.Router;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * A web application for this machine's browser: opens data, shows what is wrong with it and what a
 * model sees of it, plans and runs trainings. Everything it keeps is in files of a workspace
 * folder.
 *
 * <pre>{@code
 * try (Studio studio = Studio.builder().workspace(Path.of("studio")).start()) {
 *   System.out.println(studio.link());
 *   Thread.currentThread().join();
 * }
 * }</pre>
 *
 * <p>Only programs of this machine can reach it unless {@link Builder#address} says otherwise, and
 * only a browser that has opened {@link #link} is answered. Whoever has the link can read every
 * file that this process can. Thread-safe.
 */
public final class Studio implements AutoCloseable {

  private static final int CONNECTIONS = 64;

  static {
    // Read once by the JDK's server. Without the first, small answers wait for an acknowledgement;
    // with the second, a client that sends nothing gives its thread back.
    setUnlessSet("sun.net.httpserver.nodelay", "true");
    setUnlessSet("sun.net.httpserver.maxReqTime", "600");
  }

  private final Workspace workspace;
  private final Jobs jobs = new Jobs();
  private final Trainer trainer;
  private final Runs runs;
  private final Runs exams;
  private final Runs exports;
  private final RunQueue queue;
  private final HttpServer server;
  private final ExecutorService threads = DaemonThreads.upTo(CONNECTIONS, "adapt4j-studio-");
  private final URI address;
  private final String token;

  private Studio(Builder builder) throws IOException {
    this.workspace = new Workspace(builder.workspace);
    this.token = builder.token == null ? Access.randomToken() : builder.token;
    this.trainer = builder.trainer == null ? Trainer.ofClassPath() : new Trainer(builder.trainer);
    this.runs = new Runs(workspace, Runs.Kind.TRAINING);
    this.exams = new Runs(workspace, Runs.Kind.EXAM);
    this.exports = new Runs(workspace, Runs.Kind.EXPORT);
    boolean started = false;
    try {
      this.server = listening(builder);
      this.queue = new RunQueue(List.of(runs, exams, exports), trainer);
      this.address = address(server.getAddress(), builder.context);
      server.createContext("/", new HttpFront(builder.context, router(builder)));
      server.setExecutor(threads);
      server.start();
      started = true;
    } finally {
      if (!started) {
        workspace.close();
      }
    }
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private static HttpServer listening(Builder builder) throws IOException {
    try {
      return HttpServer.create(new InetSocketAddress(builder.address, builder.port), 0);
    } catch (IOException e) {
      throw new IOException(
          "port: %d of %s cannot be used: %s. Choose another."
              .formatted(builder.port, builder.address.getHostAddress(), e.getMessage()),
          e);
    }
  }

  private Router router(Builder builder) throws IOException {
    Preferences preferences = new Preferences(workspace);
    Pages pages = new Pages();
    Sources sources = new Sources(workspace);
    Inspections inspections = new Inspections(workspace, sources, jobs);
    Uploads uploads = new Uploads(sources, builder.uploadBytes);
    List<Path> folders = new ArrayList<>(builder.models);
    folders.add(workspace.root().resolve("models"));
    LocalModels models = new LocalModels(folders);
    Map<String, Screen> screens = new HashMap<>();
    screens.put("", new StartScreen(pages, sources, inspections, uploads));
    Doctor doctor = new Doctor(workspace, sources, jobs);
    Map<String, Screen> ofData =
        Map.of(
            "doctor",
            new DoctorScreen(pages, sources, inspections, doctor),
            "mask",
            new MaskScreen(pages, workspace, sources, inspections, doctor, models));
    ModelFits fits = new ModelFits(workspace, sources, doctor, models, jobs);
    screens.put("data", new DataScreen(pages, sources, inspections, fits, ofData));
    screens.put("upload", new UploadScreen(uploads));
    screens.put("machine", new MachineScreen(pages, workspace, models, jobs));
    screens.put("preferences", new PreferencesScreen(preferences));
    Plans plans = new Plans(workspace);
    Estimates estimates = new Estimates(workspace, plans, jobs, trainer);
    PlanScreen.Opened opened = new PlanScreen.Opened(sources, inspections, doctor);
    screens.put("plans", new PlanScreen(pages, opened, models, plans, estimates, runs));
    screens.put("runs", new RunScreen(pages, runs, queue, trainer));
    putExams(screens, pages, opened, models, plans);
    Access access =
        new Access(token, address.getPort(), builder.context, builder.address.isLoopbackAddress());
    return new Router(access, new Looks(builder.context, preferences), pages, screens);
  }

  private void putExams(
      Map<String, Screen> screens,
      Pages pages,
      PlanScreen.Opened opened,
      LocalModels models,
      Plans plans) {
    Exams all = new Exams(workspace, exams);
    Trainings trainings = new Trainings(runs);
    ExamStores parts =
        new ExamStores(
            all,
            new ExamDrafts(all, opened.doctor(), opened.inspections(), trainings),
            trainings,
            new ExamResults(workspace, all, jobs),
            new Corrected(all, opened.sources(), opened.inspections()));
    screens.put("exams", new ExamScreen(pages, opened, models, parts, queue, plans));
    screens.put("compare", new CompareScreen(pages, parts));
  }

  private static URI address(InetSocketAddress bound, String context) {
    String host = bound.getAddress().getHostAddress();
    return URI.create(
        "http://"
            + (host.contains(":") ? "[" + host + "]" : host)
            + ":"
            + bound.getPort()
            + context);
  }

  /**
   * Creates a builder with the workspace {@code studio}, a free port of the loopback address, a
   * random token, and uploads of at most 2 GiB.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the address of the first page, which needs {@link #link} first} */
  public URI address() {
    return address;
  }

  /**
   * Returns the address that signs a browser in.
   *
   * @return the address with the token, to be shown to the user only
   */
  public URI link() {
    return address.resolve("?token=" + token);
  }

  /**
   * Stops listening and ends background work. A training that runs goes on in its process, and the
   * next studio of the workspace finds it. Closing twice is harmless.
   */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    queue.close();
    jobs.close();
    workspace.close();
  }

  /** Builder of a studio. */
  public static final class Builder {

    private static final long DEFAULT_UPLOAD = 2L << 30;

    private Path workspace = Path.of("studio");
    private final List<Path> models = new ArrayList<>();
    private InetAddress address = InetAddress.getLoopbackAddress();
    private int port;
    private String context = "/";
    private @Nullable String token;
    private long uploadBytes = DEFAULT_UPLOAD;
    private @Nullable List<String> trainer;

    private Builder() {}

    /**
     * Sets the folder of everything that the studio keeps, created if missing. One studio at a time
     * uses it.
     *
     * @param folder the folder
     */
    public Builder workspace(Path folder) {
      this.workspace = Texts.require("workspace", folder);
      return this;
    }

    /**
     * Adds a folder to look for models in, besides the hub's cache and {@code models} of the
     * workspace.
     *
     * @param folder the folder
     */
    public Builder models(Path folder) {
      models.add(Texts.require("models", folder));
      return this;
    }

    /**
     * Sets the port.
     *
     * @param number 1 to 65,535, or 0 for a free port
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder port(int number) {
      if (number < 0 || number > 65_535) {
        throw new IllegalArgumentException("port: expected 0 to 65535, found " + number);
      }
      this.port = number;
      return this;
    }

    /**
     * Sets the address to listen on; default the loopback address. The studio speaks plain HTTP on
     * other addresses too: put a proxy with TLS in front of it.
     *
     * @param listening an address of this machine
     */
    public Builder address(InetAddress listening) {
      this.address = Objects.requireNonNull(listening, "address");
      return this;
    }

    /**
     * Sets the path below which all pages lie; default {@code /}.
     *
     * @param path such as {@code /studio}
     * @throws IllegalArgumentException if it is not a slash followed by letters, digits, hyphens
     *     and slashes
     */
    public Builder contextPath(String path) {
      String slashed = path.endsWith("/") ? path : path + "/";
      if (!slashed.matches("/([A-Za-z0-9_-]+/)*")) {
        throw new IllegalArgumentException(
            "contextPath: expected such as /studio, found '" + path + "'");
      }
      this.context = slashed;
      return this;
    }

    /**
     * Sets the token of the link; default a random one for each start.
     *
     * @param secret at least 16 letters, digits, hyphens and underscores
     * @throws IllegalArgumentException if it is shorter or has other characters
     */
    public Builder token(String secret) {
      if (!secret.matches("[A-Za-z0-9_-]{16,}")) {
        throw new IllegalArgumentException(
            "token: expected at least 16 letters, digits, '-' and '_', found another text");
      }
      this.token = secret;
      return this;
    }

    /**
     * Sets the limit of an uploaded file's size; default 2 GiB.
     *
     * @param bytes the limit in bytes, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder uploadLimit(long bytes) {
      if (bytes < 1) {
        throw new IllegalArgumentException("uploadLimit: expected at least 1, found " + bytes);
      }
      this.uploadBytes = bytes;
      return this;
    }

    /**
     * Sets the command that trains, which takes the arguments of {@code adapt4j}; default the
     * command line on this process's class path, run by the same Java.
     *
     * @param command the program and its first arguments
     */
    public Builder trainer(List<String> command) {
      this.trainer = List.copyOf(command);
      return this;
    }

    /**
     * Starts the studio.
     *
     * @return the running studio
     * @throws IllegalArgumentException if another studio uses the workspace
     * @throws UncheckedIOException if the workspace or the port cannot be used
     */
    public Studio start() {
      try {
        return new Studio(this);
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
      }
    }
  }
}
