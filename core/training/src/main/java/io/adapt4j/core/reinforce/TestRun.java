package io.adapt4j.core.reinforce;

import io.adapt4j.core.internal.Temporaries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reward of code that passes the tests of its row, run by a command in a separate process. */
record TestRun(String field, List<String> command, Rewards.ProcessLimits limits)
    implements RewardFunction {

  private static final Logger LOG = LoggerFactory.getLogger(TestRun.class);
  private static final String FILE = "{file}";

  /** Milliseconds between looks at a process. */
  private static final long POLL = 10;

  private static final String SHELL = "/bin/sh";
  private static final Set<String> VARIABLES = Set.of("PATH", "LANG", "LC_ALL", "SystemRoot");
  private static final Pattern FENCED =
      Pattern.compile("```[^\\n`]*\\n(.*?)(?:\\n)?```", Pattern.DOTALL);

  TestRun {
    Objects.requireNonNull(field, "field");
    Objects.requireNonNull(limits, "limits");
    command = List.copyOf(command);
    Numbers.require(
        command.stream().anyMatch(part -> part.contains(FILE)),
        "the command",
        "one with {file}",
        command);
  }

  @Override
  public double score(String prompt, String completion, Map<String, Object> fields) {
    Object tests = fields.get(field);
    return tests == null ? Double.NaN : passes(code(completion) + "\n" + tests + "\n") ? 1 : 0;
  }

  @Override
  public double[] scoreAll(List<Completion> completions) {
    return completions.parallelStream()
        .mapToDouble(
            completion -> score(completion.prompt(), completion.text(), completion.fields()))
        .toArray();
  }

  /** Returns the last fenced block; the whole text without one. */
  private static String code(String completion) {
    Matcher blocks = FENCED.matcher(completion);
    String code = completion;
    while (blocks.find()) {
      code = blocks.group(1);
    }
    return code;
  }

  private boolean passes(String program) {
    try {
      Path folder = Files.createTempDirectory("adapt4j-tests");
      try {
        Path file = Files.writeString(folder.resolve("program"), program);
        return passes(folder, file);
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the tests cannot be run: " + e.getMessage(), e);
    }
  }

  private static void delete(Path folder) {
    try {
      Temporaries.deleteTree(folder);
    } catch (IOException e) {
      // What the tests left behind must not end the run.
      LOG.warn("The folder {} of tests could not be deleted: {}", folder, e.toString());
    }
  }

  /** Returns the size of the output; more than any limit if the tests have deleted it. */
  private static long size(Path output) {
    try {
      return Files.size(output);
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }

  private boolean passes(Path folder, Path file) throws IOException {
    List<String> line = new ArrayList<>();
    if (limits.bytes() < Long.MAX_VALUE) {
      if (!Files.isExecutable(Path.of(SHELL))) {
        throw new IOException("a limit on memory needs " + SHELL);
      }
      line.addAll(
          List.of(SHELL, "-c", "ulimit -v \"$0\" && exec \"$@\"", "" + limits.bytes() / 1024));
    }
    command.forEach(part -> line.add(part.replace(FILE, file.toString())));
    ProcessBuilder builder =
        new ProcessBuilder(line).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().keySet().retainAll(VARIABLES);
    Path output = folder.resolve("output");
    builder.redirectInput(Files.createFile(folder.resolve("input")).toFile());
    builder.redirectOutput(output.toFile());
    Process process = builder.start();
    // Children that outlive their parent are no longer among its descendants.
    Set<ProcessHandle> children = new HashSet<>();
    long end = System.nanoTime() + limits.time().toNanos();
    try {
      while (!process.waitFor(POLL, TimeUnit.MILLISECONDS)) {
        children.addAll(process.descendants().toList());
        if (System.nanoTime() > end || size(output) > limits.outputBytes()) {
          return false;
        }
      }
      return process.exitValue() == 0 && size(output) <= limits.outputBytes();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      children.addAll(process.descendants().toList());
      children.forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
