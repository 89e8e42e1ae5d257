package io.adapt4j.core.hub;

import java.io.PrintStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Prints download progress as plain lines. */
final class ConsoleDownloads implements DownloadListener {

  /** Minimum size for progress lines; smaller files arrive too quickly. */
  private static final long LARGE_BYTES = 20_000_000;

  private final PrintStream out;
  private final Map<String, Long> tenths = new HashMap<>();

  ConsoleDownloads(PrintStream out) {
    this.out = Objects.requireNonNull(out, "out");
  }

  @Override
  public void fileStarted(String file, long size, long present) {
    String resumed = present > 0 ? ", " + bytes(present) + " of it from an earlier download" : "";
    out.println("Downloading " + file + " (" + bytes(size) + resumed + ")");
    if (size >= LARGE_BYTES) {
      tenths.put(file, 10 * present / size);
    }
  }

  @Override
  public void bytesReceived(String file, long received, long size) {
    Long printed = tenths.get(file);
    if (printed == null) {
      return;
    }
    long tenth = 10 * received / size;
    if (tenth > printed && tenth < 10) {
      out.println(file + ": " + 10 * tenth + " % of " + bytes(size));
    }
    tenths.put(file, Math.max(tenth, printed));
  }

  @Override
  public void fileFinished(String file, long size) {
    tenths.remove(file);
    out.println("Downloaded " + file);
  }

  @Override
  public void notice(String message) {
    out.println(message);
  }

  static String bytes(long count) {
    if (count < 0) {
      return "size unknown";
    }
    if (count < 1000) {
      return count + " B";
    }
    double scaled = count / 1000.0;
    String unit = "kB";
    for (String larger : new String[] {"MB", "GB", "TB"}) {
      if (scaled < 1000) {
        break;
      }
      scaled /= 1000;
      unit = larger;
    }
    return String.format(Locale.ROOT, "%.1f %s", scaled, unit);
  }
}
