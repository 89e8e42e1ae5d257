package io.adapt4j.core.reinforce;

import io.adapt4j.core.internal.Temporaries;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reward of code that passes the tests of its row, run by a command in a process of its own. */
record TestRun(String field, List<String> command, Rewards.ProcessLimits limits)
    implements RewardFunction {

  private static final String FILE = "{file}";
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
        Temporaries.deleteTree(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the tests cannot be run: " + e.getMessage(), e);
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
    Process process = builder.start();
    Thread clock = stopper(process);
    try {
      process.getOutputStream().close();
      return isShort(process.getInputStream()) && process.waitFor() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      kill(process);
      clock.interrupt();
    }
  }

  /** Starts the thread that ends the process when its time is up. */
  private Thread stopper(Process process) {
    return io.adapt4j.core.internal.Threads.startDaemon(
        () -> {
          try {
            if (!process.waitFor(limits.time().toMillis(), TimeUnit.MILLISECONDS)) {
              kill(process);
            }
          } catch (InterruptedException e) {
            // The process has ended.
            kill(process);
          }
        },
        "adapt4j-tests");
  }

  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /** Reads the output to its end, or returns false when it is longer than allowed. */
  private boolean isShort(InputStream output) throws IOException {
    byte[] part = new byte[8192];
    long all = 0;
    for (int read = output.read(part); read >= 0; read = output.read(part)) {
      all += read;
      if (all > limits.outputBytes()) {
        return false;
      }
    }
    return true;
  }
}
