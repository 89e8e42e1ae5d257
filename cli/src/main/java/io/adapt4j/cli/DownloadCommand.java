package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.hub.DownloadListener;
import io.adapt4j.core.hub.Hub;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Downloads from a hub. */
@Command(
    name = "download",
    description =
        "Downloads a model or data of a hub into the cache that it shares with Python, and prints"
            + " the folder. What is there already is not downloaded again.",
    mixinStandardHelpOptions = true)
final class DownloadCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Parameters(
      paramLabel = "OWNER/NAME",
      description = "The repository; OWNER/NAME@REVISION takes a branch, tag or commit.")
  private String repository;

  @Option(
      names = "--only",
      paramLabel = "PATTERN",
      description =
          "Take the files that match instead of those that a model needs, such as '*.gguf' or"
              + " 'data/**'. May be given more than once.")
  private final List<String> patterns = new ArrayList<>();

  @Option(
      names = "--dataset",
      description = "The repository is one of data; all of its files are taken unless --only says.")
  private boolean dataset;

  DownloadCommand() {}

  @Override
  public Integer call() {
    int at = repository.indexOf('@');
    String name = at < 0 ? repository : repository.substring(0, at);
    String revision = at < 0 ? Hub.DEFAULT_REVISION : repository.substring(at + 1);
    Predicate<String> wanted = wanted();
    Hub hub = Hub.builder().listener(progress()).build();
    Path folder =
        dataset
            ? hub.downloadDataset(name, revision, wanted)
            : patterns.isEmpty()
                ? hub.download(name, revision)
                : hub.download(name, revision, wanted);
    return output.write(
        folder.toString(), JsonNodeFactory.instance.objectNode().put("folder", folder.toString()));
  }

  private Predicate<String> wanted() {
    List<PathMatcher> matchers = new ArrayList<>();
    for (String pattern : patterns) {
      try {
        matchers.add(FileSystems.getDefault().getPathMatcher("glob:" + pattern));
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException(
            "--only: expected a pattern such as '*.gguf', found '%s': %s. Correct it."
                .formatted(pattern, e.getDescription()),
            e);
      }
    }
    return file ->
        matchers.isEmpty() || matchers.stream().anyMatch(matcher -> matcher.matches(Path.of(file)));
  }

  private DownloadListener progress() {
    return new DownloadListener() {
      @Override
      public void fileStarted(String file, long size, long present) {
        say(file + (size < 0 ? "" : ", " + size + " bytes"));
      }

      @Override
      public void notice(String message) {
        say(message);
      }
    };
  }

  private void say(String line) {
    output.err().println(line);
    output.err().flush();
  }
}
