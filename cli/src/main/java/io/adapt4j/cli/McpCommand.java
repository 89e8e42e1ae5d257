package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.ServerLimits;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Offers a model as tools to the program that started the command. */
@Command(
    name = "mcp",
    description =
        "Offers a model, and what it is given, as tools of the Model Context Protocol on standard"
            + " input and output, until the input ends.",
    mixinStandardHelpOptions = true)
final class McpCommand implements Callable<Integer> {

  @Mixin private ModelArgument model;
  @Mixin private ModelSetup setup;
  @Mixin private ServedParts parts;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description = "Most tokens of an answer; default 4096.")
  private @Nullable Integer maxNewTokens;

  McpCommand() {}

  @Override
  public Integer call() throws IOException {
    ModelServer.Builder settings = ModelServer.builder();
    if (maxNewTokens != null) {
      SamplingArguments.set(
          "--max-new-tokens",
          () -> settings.limits(ServerLimits.defaults().withNewTokens(maxNewTokens)));
    }
    parts.requirePaths();
    Path folder = model.folder();
    PrintStream messages = System.out;
    // Whatever else is printed in this process must not come between the messages.
    System.setOut(System.err);
    try (LanguageModel opened = setup.load(folder)) {
      settings.model(ServedParts.nameOf(folder), opened);
      try (ServedParts.Opened served =
          parts.open(settings, opened, setup.allowsAnyChatTemplate(), maxNewTokens)) {
        settings.serveTools(System.in, messages);
      }
    } finally {
      System.setOut(messages);
    }
    return ExitCode.OK;
  }
}
