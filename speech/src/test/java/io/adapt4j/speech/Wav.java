package io.adapt4j.speech;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiConsumer;

/** WAV files that tests write. */
public final class Wav {

  public static final int PCM = 1;
  public static final int FLOAT = 3;

  private Wav() {}

  /** The bytes of a file with values from -1 to 1, a column for each channel. */
  public static byte[] of(int kind, int bits, int rate, float[]... channels) {
    int frame = channels.length * bits / 8;
    int length = frame * channels[0].length;
    ByteBuffer bytes = ByteBuffer.allocate(44 + length).order(ByteOrder.LITTLE_ENDIAN);
    text(bytes, "RIFF").putInt(36 + length);
    text(bytes, "WAVE");
    text(bytes, "fmt ").putInt(16).putShort((short) kind).putShort((short) channels.length);
    bytes.putInt(rate).putInt(rate * frame).putShort((short) frame).putShort((short) bits);
    text(bytes, "data").putInt(length);
    BiConsumer<ByteBuffer, Float> writer = writer(kind, bits);
    for (int i = 0; i < channels[0].length; i++) {
      for (float[] channel : channels) {
        writer.accept(bytes, channel[i]);
      }
    }
    return bytes.array();
  }

  private static BiConsumer<ByteBuffer, Float> writer(int kind, int bits) {
    if (kind == FLOAT) {
      return bits == 32 ? ByteBuffer::putFloat : (out, value) -> out.putDouble(value);
    }
    return switch (bits) {
      case 8 -> (out, value) -> out.put((byte) Math.round(value * 128 + 128));
      case 16 -> (out, value) -> out.putShort((short) Math.round(value * 32_768));
      case 24 ->
          (out, value) -> {
            int whole = Math.round(value * 8_388_608);
            out.put((byte) whole).put((byte) (whole >> 8)).put((byte) (whole >> 16));
          };
      default -> (out, value) -> out.putInt((int) (value * 2_147_483_648.0));
    };
  }

  private static ByteBuffer text(ByteBuffer bytes, String name) {
    return bytes.put(name.getBytes(StandardCharsets.US_ASCII));
  }

  /** Writes a file in 16 bits. */
  public static Path write(Path file, int rate, float[] values) throws IOException {
    return Files.write(file, of(PCM, 16, rate, values));
  }

  /** A tone. */
  public static float[] tone(double hertz, int rate, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (0.5 * Math.sin(2 * Math.PI * hertz * i / rate));
    }
    return values;
  }
}
