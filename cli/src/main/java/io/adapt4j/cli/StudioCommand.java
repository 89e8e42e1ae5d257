package io.adapt4j.cli;

import io.adapt4j.studio.Studio;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Starts the studio. */
@Command(
    name = "studio",
    description =
        "Starts the studio, a web application for this machine's browser, and prints the link that"
            + " opens it. Ctrl-C ends it.",
    mixinStandardHelpOptions = true)
final class StudioCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Option(
      names = {"-w", "--workspace"},
      paramLabel = "FOLDER",
      defaultValue = "studio",
      description = "Folder of everything that the studio keeps; default '${DEFAULT-VALUE}'.")
  private Path workspace;

  @Option(
      names = "--models",
      paramLabel = "FOLDER",
      description = "A folder to look for models in. May be given more than once.")
  private final List<Path> models = new ArrayList<>();

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8090",
      description = "Port; default ${DEFAULT-VALUE}, 0 for a free one.")
  private int port;

  @Option(
      names = "--address",
      paramLabel = "ADDRESS",
      description =
          "Address of this machine to listen on; default the loopback address. Others need a proxy"
              + " with TLS in front.")
  private InetAddress address = InetAddress.getLoopbackAddress();

  @Option(
      names = "--context-path",
      paramLabel = "PATH",
      defaultValue = "/",
      description = "Path below which all pages lie; default '${DEFAULT-VALUE}'.")
  private String contextPath;

  StudioCommand() {}

  @Override
  public Integer call() throws InterruptedException {
    models.forEach(folder -> Destination.existing("--models", "a folder of models", folder));
    Studio.Builder builder =
        Studio.builder()
            .workspace(Destination.folder("--workspace", workspace))
            .port(port)
            .address(address)
            .contextPath(contextPath);
    models.forEach(builder::models);
    CountDownLatch stopped = new CountDownLatch(1);
    try (Studio studio = started(builder);
        Interruption interruption = new Interruption(stopped::countDown)) {
      output.out().println(studio.link());
      output.out().flush();
      output.err().println("Open this link in a browser of this machine. Ctrl-C ends the studio.");
      output.err().flush();
      stopped.await();
      return ExitCode.OK;
    }
  }

  private static Studio started(Studio.Builder builder) {
    try {
      return builder.start();
    } catch (UncheckedIOException e) {
      throw new IllegalArgumentException("--" + e.getMessage(), e);
    }
  }
}
