package io.adapt4j.studio;

import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.serve.internal.http.DaemonThreads;
import io.adapt4j.studio.internal.web.Access;
import io.adapt4j.studio.internal.web.HttpFront;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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

  private final StudioScreens screens;
  private final HttpServer server;
  private final ExecutorService threads = DaemonThreads.upTo(CONNECTIONS, "adapt4j-studio-");
  private final URI address;
  private final String token;

  private Studio(Builder builder) throws IOException {
    this.token = builder.token == null ? Access.randomToken() : builder.token;
    this.server = listening(builder);
    this.address = address(server.getAddress(), builder.context);
    Access access =
        new Access(token, address.getPort(), builder.context, builder.address.isLoopbackAddress());
    StudioScreens opened = null;
    try {
      opened = new StudioScreens(builder.settings(), builder.context, access);
    } finally {
      if (opened == null) {
        server.stop(0);
        threads.shutdownNow();
      }
    }
    this.screens = opened;
    server.createContext("/", new HttpFront(builder.context, screens.router()));
    server.setExecutor(threads);
    server.start();
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
   * Stops listening and ends background work. Trainings and services that run go on in their
   * processes, and the next studio of the workspace finds them. Closing twice is harmless.
   */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    screens.close();
  }

  /** Builder of a studio. */
  public static final class Builder {

    private static final long DEFAULT_UPLOAD = 2L << 30;

    private Path workspace = Path.of("studio");
    private final List<Path> models = new ArrayList<>();
    private InetAddress address = InetAddress.getLoopbackAddress();
    private int port;
    private String context = "/";
    @Nullable String token;
    private long uploadBytes = DEFAULT_UPLOAD;
    private @Nullable List<String> trainer;

    private Builder() {}

    StudioScreens.Settings settings() {
      return new StudioScreens.Settings(
          workspace, models, uploadBytes, Optional.ofNullable(trainer));
    }

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
