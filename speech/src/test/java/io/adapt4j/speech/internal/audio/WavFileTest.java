package io.adapt4j.speech.internal.audio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.speech.Wav;
import io.adapt4j.speech.transcript.RecordingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WavFileTest {

  private static final float[] LEFT = {0, 0.5f, -0.25f, -1};
  private static final float[] RIGHT = {0.5f, 0.5f, 0.25f, 0};

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"1, 8", "1, 16", "1, 24", "1, 32", "3, 32", "3, 64"})
  void everyEncodingGivesTheMeanOfItsChannels(int kind, int bits) throws Exception {
    try (WavFile file = open(Wav.of(kind, bits, 8000, LEFT, RIGHT))) {
      assertThat(file.rate()).isEqualTo(8000);
      assertThat(file.count()).isEqualTo(4);
      assertThat(file.read(0, 4)).containsExactly(0.25f, 0.5f, 0, -0.5f);
    }
  }

  @Test
  void whatIsOutsideIsSilent() throws Exception {
    try (WavFile file = open(Wav.of(1, 16, 8000, LEFT))) {
      assertThat(file.read(-2, 4)).containsExactly(0, 0, 0, 0.5f);
      assertThat(file.read(3, 3)).containsExactly(-1, 0, 0);
      assertThat(file.read(9, 1)).containsExactly(0);
    }
  }

  @Test
  void theLengthOfAPipeIsThatOfTheFile() throws Exception {
    byte[] bytes = Wav.of(1, 16, 8000, LEFT);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(40, -1);
    try (WavFile file = open(bytes)) {
      assertThat(file.count()).isEqualTo(4);
    }
  }

  @Test
  void aTruncatedFileIsRefused() {
    byte[] bytes = Arrays.copyOf(Wav.of(1, 16, 8000, LEFT), 48);
    assertThatThrownBy(() -> open(bytes))
        .isInstanceOf(RecordingException.class)
        .hasMessageContaining("expected 8 bytes of samples, as its header says, found 4");
  }

  @ParameterizedTest
  @CsvSource({
    "20, 85, 'the encoding 85 in 16 bits. Convert it'",
    "22, 0, 'expected 1 to 64 channels, found 0'",
    "24, 0, 'samples a second, found 65536'",
    "32, 7, 'expected 2 bytes for one sample of all channels, found 7'",
    "16, 9, 'expected a chunk ''fmt '' of at least 16 bytes, found 9'",
    "38, 0, 'expected a chunk ''data'' with samples, found none'",
  })
  void aLyingHeaderIsRefused(int at, int value, String message) {
    byte[] bytes = Wav.of(1, 16, 65_536, LEFT);
    ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    view.putShort(at, (short) value);
    if (at == 24) {
      view.putInt(24, -1);
    }
    assertThatThrownBy(() -> open(bytes))
        .isInstanceOf(RecordingException.class)
        .hasMessageContaining(at == 24 ? "found -1" : message);
  }

  @Test
  void anotherFileIsRefusedWithTheCommandThatConvertsIt() {
    assertThatThrownBy(() -> open("ID3 and so on, an MP3".getBytes(UTF_8)))
        .isInstanceOf(RecordingException.class)
        .hasMessageContaining("expected a WAV file (RIFF, WAVE), found 'ID3 '")
        .hasMessageContaining("ffmpeg");
    assertThatThrownBy(() -> WavFile.open(folder.resolve("absent.wav")))
        .isInstanceOf(RecordingException.class)
        .hasMessageContaining("found nothing");
  }

  @Test
  void samplesThatAreNoNumbersAreRefused() throws Exception {
    try (WavFile file = open(Wav.of(3, 32, 8000, new float[] {Float.NaN}))) {
      assertThatThrownBy(() -> file.read(0, 1))
          .isInstanceOf(RecordingException.class)
          .hasMessageContaining("expected finite samples, found NaN");
    }
  }

  @Test
  void damagedBytesGiveSamplesOrATypedError() throws Exception {
    byte[] right = Wav.of(1, 16, 8000, LEFT, RIGHT);
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = Arrays.copyOf(right, random.nextInt(1, right.length + 1));
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      try (WavFile file = open(bytes)) {
        assertThat(file.count()).isBetween(0L, (long) bytes.length);
        file.read(0, 8);
      } catch (RecordingException e) {
        assertThat(e).hasMessageContaining("sound.wav");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"8000", "22050", "44100", "48000", "44099"})
  void anotherRateKeepsATone(int rate) throws Exception {
    Samples source = Samples.of(Wav.tone(440, rate, rate), rate);
    Samples samples = Resampled.at(16_000, source);
    float[] all = samples.read(0, 16_000);
    assertThat(samples.count()).isEqualTo(16_000);
    float[] wanted = Wav.tone(440, 16_000, 16_000);
    for (int i = 200; i < all.length - 200; i++) {
      assertThat(all[i]).isCloseTo(wanted[i], within(1e-3f));
    }
    assertThat(samples.read(5000, 300)).isEqualTo(Arrays.copyOfRange(all, 5000, 5300));
  }

  @Test
  void aToneAboveTheNewRateIsRemoved() {
    Samples samples = Resampled.at(16_000, Samples.of(Wav.tone(12_000, 48_000, 48_000), 48_000));
    for (float value : samples.read(1000, 10_000)) {
      assertThat(value).isCloseTo(0, within(1e-3f));
    }
  }

  private WavFile open(byte[] bytes) throws IOException {
    return WavFile.open(Files.write(folder.resolve("sound.wav"), bytes));
  }
}
