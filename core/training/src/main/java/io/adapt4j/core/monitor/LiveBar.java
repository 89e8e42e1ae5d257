package io.adapt4j.core.monitor;

import java.io.PrintStream;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A progress bar on the last line of a terminal, with lines printed above it.
 *
 * <p>Only carriage returns are sent, so it works on every terminal. The library is not asked for
 * the terminal's size, because it would open the terminal through JLine, which warns on some
 * systems.
 */
final class LiveBar implements AutoCloseable {
  private static final int REFRESH_MILLIS = 200;

  private final Line line;
  private final ProgressBar bar;

  LiveBar(PrintStream out, int width, int totalSteps) {
    line = new Line(out, width);
    bar =
        new ProgressBarBuilder()
            .setTaskName("")
            .setInitialMax(totalSteps)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(REFRESH_MILLIS)
            .hideEta()
            .setConsumer(line)
            .build();
  }

  void update(int step, String beside) {
    bar.setExtraMessage(beside);
    bar.stepTo(step);
  }

  void print(String text) {
    line.print(text);
  }

  @Override
  public void close() {
    bar.close();
    // A bar that is closed before its first drawing does not close its consumer.
    line.close();
  }

  /** The terminal line that the library's thread redraws. */
  private static final class Line implements ProgressBarConsumer {
    private final PrintStream out;
    private final int width;
    private String shown = "";

    Line(PrintStream out, int width) {
      this.out = out;
      this.width = width;
    }

    @Override
    public int getMaxRenderedLength() {
      return width;
    }

    @Override
    public synchronized void accept(String rendered) {
      out.print("\r" + rendered + " ".repeat(Math.max(0, shown.length() - rendered.length())));
      out.flush();
      shown = rendered;
    }

    synchronized void print(String text) {
      out.print("\r" + " ".repeat(shown.length()) + "\r");
      out.println(text);
      out.print(shown);
      out.flush();
    }

    @Override
    public synchronized void close() {
      if (!shown.isEmpty()) {
        out.println();
        out.flush();
        shown = "";
      }
    }
  }
}
