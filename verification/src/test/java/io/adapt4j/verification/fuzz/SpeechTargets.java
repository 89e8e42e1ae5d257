package io.adapt4j.verification.fuzz;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.core.FoldersInMemory;
import io.adapt4j.speech.internal.audio.Resampled;
import io.adapt4j.speech.internal.audio.Samples;
import io.adapt4j.speech.internal.audio.WavFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Readers of recordings. */
final class SpeechTargets {

  private static final int RATE = 16_000;
  private static final int PCM = 1;
  private static final int FLOAT = 3;

  private SpeechTargets() {}

  static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "wav",
            () -> List.of(seed(PCM, 16, 8000), seed(FLOAT, 32, 44_100)),
            SpeechTargets::read));
  }

  /** {@return a recording of a few samples} */
  static byte[] recording() {
    return seed(PCM, 16, 8000);
  }

  private static void read(byte[] bytes) throws IOException {
    Path folder = FoldersInMemory.create("fuzz-wav");
    Path file = Files.write(folder.resolve("a.wav"), bytes);
    try (Samples samples = WavFile.open(file)) {
      Samples same = Resampled.at(RATE, samples);
      same.read(-100, 400);
      same.read(same.count() - 100, 400);
    } finally {
      MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  /** A recording of two channels, with a chunk before its samples. */
  private static byte[] seed(int kind, int bits, int rate) {
    int frame = 2 * bits / 8;
    int count = 20;
    ByteBuffer made = ByteBuffer.allocate(54 + count * frame).order(ByteOrder.LITTLE_ENDIAN);
    text(made, "RIFF").putInt(made.capacity() - 8);
    text(made, "WAVE");
    text(made, "LIST").putInt(1).putShort((short) 'a');
    text(made, "fmt ").putInt(16).putShort((short) kind).putShort((short) 2).putInt(rate);
    made.putInt(rate * frame).putShort((short) frame).putShort((short) bits);
    text(made, "data").putInt(count * frame);
    return made.array();
  }

  private static ByteBuffer text(ByteBuffer made, String name) {
    return made.put(name.getBytes(StandardCharsets.US_ASCII));
  }
}
