package io.adapt4j.core.internal.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * Response body with limits on bytes and time. It checks after every read; {@link StallGuard} ends
 * reads that block without receiving a byte.
 */
public final class BoundedInput extends FilterInputStream {

  private final AnswerLimit limit;
  private final Duration total;
  private final Duration useless;
  private final String totalSetting;
  private final long start = System.nanoTime();
  private long lastProgress = start;
  private long count;

  BoundedInput(
      InputStream body, AnswerLimit limit, Duration total, Duration useless, String totalSetting) {
    super(body);
    this.limit = limit;
    this.total = total;
    this.useless = useless;
    this.totalSetting = totalSetting;
  }

  /** Records that useful data has arrived. */
  public void progress() {
    lastProgress = System.nanoTime();
  }

  @Override
  public int read() throws IOException {
    byte[] single = new byte[1];
    int read = read(single, 0, 1);
    return read < 0 ? read : single[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int read = in.read(buffer, offset, length);
    count += Math.max(0, read);
    if (count > limit.maxBytes()) {
      throw limit.exceeded();
    }
    if (read < 0) {
      return read;
    }
    long now = System.nanoTime();
    if (now - start > total.toNanos()) {
      throw limit.late(total, totalSetting);
    }
    if (now - lastProgress > useless.toNanos()) {
      throw new IOException("nothing of use arrived for " + useless.toMillis() / 1000.0 + " s");
    }
    return read;
  }

  @Override
  public long skip(long wanted) throws IOException {
    return wanted <= 0 ? 0 : read(new byte[(int) Math.min(wanted, 8192)]);
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
