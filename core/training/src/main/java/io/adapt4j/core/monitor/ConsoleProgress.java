package io.adapt4j.core.monitor;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.Console;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Shows the progress of a run on a console.
 *
 * <p>On a terminal: one line with a bar, step, loss, learning rate, tokens per second and time
 * left, redrawn a few times a second; evaluations, checkpoints, skipped steps and warnings are
 * printed above it. Anywhere else (a file, a pipe, a build server): plain lines, about twenty steps
 * per run besides those other events, without control characters.
 *
 * <p>The live bar needs the optional dependency {@code me.tongfei:progressbar:0.10.1}; plain lines
 * do not. It redraws on the library's single daemon thread, named {@code ProgressBar}, which stays
 * idle after the run and does not keep the JVM alive. The bar fits 80 columns, or the number in the
 * environment variable {@code COLUMNS}.
 */
final class ConsoleProgress implements TrainingListener {
  private static final int PLAIN_STEP_LINES = 20;
  private static final int DEFAULT_COLUMNS = 80;
  private static final int FEWEST_COLUMNS = 40;

  private final PrintStream out;

  /** Columns of the live bar; 0 for plain lines. */
  private final int barWidth;

  private @Nullable LiveBar bar;

  private ConsoleProgress(PrintStream out, int barWidth) {
    this.out = Objects.requireNonNull(out, "out");
    this.barWidth = barWidth;
  }

  /**
   * Shows progress on a stream: a live bar if it is the terminal's standard output or error, plain
   * lines otherwise. The stream is never closed.
   */
  public static ConsoleProgress to(PrintStream out) {
    boolean standard = out == System.out || out == System.err;
    return standard && isTerminal()
        ? live(out, columns(System.getenv("COLUMNS")))
        : new ConsoleProgress(out, 0);
  }

  /** Shows a live bar on a terminal of a given width. */
  static ConsoleProgress live(PrintStream out, int columns) {
    requireLibrary(ConsoleProgress.class.getClassLoader());
    // A full last column would make some terminals wrap to the next line.
    return new ConsoleProgress(out, columns - 1);
  }

  static void requireLibrary(ClassLoader loader) {
    try {
      Class.forName("me.tongfei.progressbar.ProgressBar", false, loader);
      // The library measures text with its only dependency, and draws nothing at all without it.
      Class.forName("org.jline.utils.WCWidth", false, loader);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(
          "The live progress bar needs me.tongfei:progressbar:0.10.1 with its dependency"
              + " org.jline:jline-terminal, but "
              + e.getMessage()
              + " is not on the class path. Add the dependency, or print to a stream that is not"
              + " the terminal.",
          e);
    }
  }

  /**
   * Up to Java 21 there is no console without a terminal; since Java 22 there is, and a method that
   * tells the two apart.
   */
  // The null check is for the older versions, isTerminal for the newer.
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (IllegalAccessException | InvocationTargetException e) {
      return false;
    }
  }

  /** Returns the width from the environment variable, or the default. */
  static int columns(String variable) {
    if (variable == null || !variable.strip().matches("\\d{1,4}")) {
      return DEFAULT_COLUMNS;
    }
    return Math.max(FEWEST_COLUMNS, Integer.parseInt(variable.strip()));
  }

  @Override
  public void started(RunStart event) {
    closeBar();
    out.println(ProgressText.started(event));
    if (barWidth > 0) {
      bar = new LiveBar(out, barWidth, event.totalSteps());
    }
  }

  @Override
  public void resumed(ResumeEvent event) {
    event.damaged().forEach(line -> print("Damaged, so not used: " + line));
    print(ProgressText.resumed(event));
  }

  @Override
  public void step(StepEvent event) {
    if (bar != null) {
      bar.update(event.step(), ProgressText.besideBar(event));
    } else if (isShown(event.step(), event.totalSteps())) {
      out.println(ProgressText.step(event));
    }
  }

  private static boolean isShown(int step, int totalSteps) {
    int every = Math.max(1, (totalSteps + PLAIN_STEP_LINES - 1) / PLAIN_STEP_LINES);
    return step == 1 || step == totalSteps || step % every == 0;
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    print(ProgressText.evaluated(event));
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    print(ProgressText.checkpointSaved(event));
  }

  @Override
  public void skipped(SkippedStep event) {
    print(ProgressText.skipped(event));
  }

  @Override
  public void warned(TrainingWarning warning) {
    print(ProgressText.warned(warning));
  }

  @Override
  public void ended(RunEnd event) {
    closeBar();
    out.println(ProgressText.ended(event));
    out.flush();
  }

  private void print(String line) {
    if (bar != null) {
      bar.print(line);
    } else {
      out.println(line);
    }
  }

  private void closeBar() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
