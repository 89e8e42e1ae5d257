package io.adapt4j.speech.internal.audio;

import io.adapt4j.speech.transcript.RecordingException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A WAV file whose channels are averaged: PCM in 8, 16, 24 or 32 bits, or floating-point numbers in
 * 32 or 64 bits. Samples are read on demand.
 */
public final class WavFile implements Samples {

  private static final String CONVERT =
      "Convert it, for example with: ffmpeg -i RECORDING -ac 1 -ar 16000 -c:a pcm_s16le out.wav";
  private static final String DAMAGED =
      "The file is damaged or incomplete; copy or record it again.";

  private static final int PCM = 1;
  private static final int FLOAT = 3;
  private static final int EXTENSIBLE = 0xFFFE;
  private static final long UNKNOWN = 0xFFFF_FFFFL;
  private static final int MAX_CHUNKS = 1000;
  private static final int MAX_CHANNELS = 64;
  public static final int MIN_RATE = 1000;
  public static final int MAX_RATE = 384_000;

  private final Path file;
  private final Content content;
  private final Format format;
  private final long offset;
  private final long count;

  /** Bytes of which any part can be read. */
  private interface Content extends Closeable {

    long size() throws IOException;

    int read(ByteBuffer to, long at) throws IOException;

    static Content of(FileChannel channel) {
      return new Content() {
        @Override
        public long size() throws IOException {
          return channel.size();
        }

        @Override
        public int read(ByteBuffer to, long at) throws IOException {
          return channel.read(to, at);
        }

        @Override
        public void close() throws IOException {
          channel.close();
        }
      };
    }

    static Content of(byte[] bytes) {
      return new Content() {
        @Override
        public long size() {
          return bytes.length;
        }

        @Override
        public int read(ByteBuffer to, long at) {
          int count = (int) Math.min(to.remaining(), bytes.length - at);
          if (count <= 0) {
            return -1;
          }
          to.put(bytes, Math.toIntExact(at), count);
          return count;
        }

        @Override
        public void close() {}
      };
    }
  }

  /** Encoding of the samples. */
  private record Format(int kind, int channels, int rate, int bits) {

    int frameBytes() {
      return channels * bits / Byte.SIZE;
    }

    boolean isKnown() {
      return kind == PCM
          ? bits == 8 || bits == 16 || bits == 24 || bits == 32
          : kind == FLOAT && (bits == 32 || bits == 64);
    }
  }

  private WavFile(Path file, Content content, Format format, long offset, long count) {
    this.file = file;
    this.content = content;
    this.format = format;
    this.offset = offset;
    this.count = count;
  }

  /** Opens a file and checks its header. */
  public static WavFile open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw RecordingException.inFile(
          file, "a WAV file", Files.exists(file) ? "no file" : "nothing", "Correct the path.");
    }
    Content content = null;
    try {
      content = Content.of(FileChannel.open(file));
      return read(file, content);
    } catch (IOException e) {
      close(content);
      throw new RecordingException(file + ": cannot be read: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      close(content);
      throw e;
    }
  }

  /** Reads a file in memory and checks its header. */
  public static WavFile of(byte[] bytes, Path name) {
    try {
      return read(name, Content.of(bytes));
    } catch (IOException e) {
      throw new RecordingException(name + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static WavFile read(Path file, Content content) throws IOException {
    ByteBuffer head = bytes(content, 0, 12);
    if (head.remaining() < 12 || !name(head, 0).equals("RIFF") || !name(head, 8).equals("WAVE")) {
      String found = head.remaining() < 12 ? head.remaining() + " bytes" : "'" + shown(head) + "'";
      throw RecordingException.inFile(file, "a WAV file (RIFF, WAVE)", found, CONVERT);
    }
    long end = content.size();
    long at = 12;
    Format format = null;
    for (int i = 0; i < MAX_CHUNKS && at + 8 <= end; i++) {
      ByteBuffer chunk = bytes(content, at, 8);
      String name = name(chunk, 0);
      long size = Integer.toUnsignedLong(chunk.getInt(4));
      at += 8;
      if (name.equals("data")) {
        if (format == null) {
          throw RecordingException.inFile(
              file, "a chunk 'fmt ' before the samples", "none", DAMAGED);
        }
        // A program that writes to a pipe does not know the length.
        long held = size == UNKNOWN ? end - at : size;
        return samples(file, content, format, at, held);
      }
      if (size > end - at) {
        throw RecordingException.inFile(
            file,
            "a chunk '" + shown(chunk) + "' of " + size + " bytes",
            (end - at) + " bytes to the end of the file",
            DAMAGED);
      }
      if (name.equals("fmt ")) {
        format = format(file, bytes(content, at, (int) Math.min(size, 40)));
      }
      at += size + size % 2;
    }
    throw RecordingException.inFile(file, "a chunk 'data' with samples", "none", DAMAGED);
  }

  private static WavFile samples(Path file, Content content, Format format, long at, long size)
      throws IOException {
    if (size > content.size() - at) {
      throw RecordingException.inFile(
          file,
          size + " bytes of samples, as its header says",
          String.valueOf(content.size() - at),
          DAMAGED);
    }
    return new WavFile(file, content, format, at, size / format.frameBytes());
  }

  private static Format format(Path file, ByteBuffer chunk) {
    if (chunk.remaining() < 16) {
      throw RecordingException.inFile(
          file, "a chunk 'fmt ' of at least 16 bytes", String.valueOf(chunk.remaining()), DAMAGED);
    }
    int kind = Short.toUnsignedInt(chunk.getShort(0));
    if (kind == EXTENSIBLE && chunk.remaining() >= 26) {
      kind = Short.toUnsignedInt(chunk.getShort(24));
    }
    Format format =
        new Format(
            kind,
            Short.toUnsignedInt(chunk.getShort(2)),
            chunk.getInt(4),
            Short.toUnsignedInt(chunk.getShort(14)));
    if (!format.isKnown()) {
      throw RecordingException.inFile(
          file,
          "PCM in 8, 16, 24 or 32 bits, or floating-point numbers in 32 or 64 bits",
          "the encoding " + kind + " in " + format.bits() + " bits",
          CONVERT);
    }
    require(file, "channels", format.channels(), 1, MAX_CHANNELS);
    require(file, "samples a second", format.rate(), MIN_RATE, MAX_RATE);
    require(
        file,
        "bytes for one sample of all channels",
        Short.toUnsignedInt(chunk.getShort(12)),
        format.frameBytes(),
        format.frameBytes());
    return format;
  }

  private static void require(Path file, String what, int found, int least, int most) {
    if (found < least || found > most) {
      String range = least == most ? String.valueOf(least) : least + " to " + most;
      throw RecordingException.inFile(file, range + " " + what, String.valueOf(found), DAMAGED);
    }
  }

  private static ByteBuffer bytes(Content content, long at, int length) throws IOException {
    ByteBuffer read = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (read.hasRemaining() && content.read(read, at + read.position()) >= 0) {}
    return read.flip();
  }

  private static String name(ByteBuffer bytes, int at) {
    byte[] name = new byte[4];
    bytes.get(at, name);
    return new String(name, StandardCharsets.ISO_8859_1);
  }

  private static String shown(ByteBuffer bytes) {
    return bytes.remaining() < 4 ? "" : name(bytes, 0).replaceAll("[^ -~]", "?");
  }

  @Override
  public long count() {
    return count;
  }

  @Override
  public int rate() {
    return format.rate();
  }

  @Override
  public float[] read(long first, int length) {
    float[] made = new float[length];
    long from = Math.max(0, Math.min(count, first));
    int known = Math.toIntExact(Math.max(0, Math.min(count, first + length) - from));
    try {
      int bytes = Math.multiplyExact(known, format.frameBytes());
      ByteBuffer read = bytes(content, offset + from * format.frameBytes(), bytes);
      if (read.remaining() < bytes) {
        throw RecordingException.inFile(
            file, bytes + " bytes of samples", String.valueOf(read.remaining()), DAMAGED);
      }
      int to = Math.toIntExact(from - first);
      for (int i = 0; i < known; i++) {
        made[to + i] = mixed(read);
      }
      return made;
    } catch (IOException e) {
      throw new RecordingException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Reads one sample of each channel and returns their mean. */
  private float mixed(ByteBuffer read) {
    double sum = 0;
    for (int i = 0; i < format.channels(); i++) {
      sum += next(read);
    }
    double mean = sum / format.channels();
    if (!Double.isFinite(mean)) {
      throw RecordingException.inFile(file, "finite samples", String.valueOf(mean), DAMAGED);
    }
    return (float) mean;
  }

  private double next(ByteBuffer read) {
    if (format.kind() == FLOAT) {
      return format.bits() == 32 ? read.getFloat() : read.getDouble();
    }
    return switch (format.bits()) {
      case 8 -> (Byte.toUnsignedInt(read.get()) - 128) / 128.0;
      case 16 -> read.getShort() / 32_768.0;
      case 24 ->
          (Byte.toUnsignedInt(read.get()) | Byte.toUnsignedInt(read.get()) << 8 | read.get() << 16)
              / 8_388_608.0;
      default -> read.getInt() / 2_147_483_648.0;
    };
  }

  @Override
  public void close() {
    close(content);
  }

  private static void close(@Nullable Content content) {
    try {
      if (content != null) {
        content.close();
      }
    } catch (IOException e) {
      throw new RecordingException("A recording cannot be closed: " + e.getMessage(), e);
    }
  }
}
