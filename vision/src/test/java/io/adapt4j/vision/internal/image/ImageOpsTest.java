package io.adapt4j.vision.internal.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.Golden;
import io.adapt4j.vision.internal.GoldenTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Results of Pillow and torchvision on files and filters, equal to the byte. */
class ImageOpsTest {

  private static final Limits LIMITS = new Limits(1 << 20, 1 << 20, 1 << 12, 10);

  private static Pixels read(Path folder, JsonNode test) throws IOException {
    Path file = folder.resolve("images").resolve(test.path("image").asText());
    return PictureReader.read(Files.readAllBytes(file), LIMITS);
  }

  private static JsonNode cases(Path folder) throws IOException {
    return new ObjectMapper().readTree(folder.resolve("cases.json").toFile()).path("cases");
  }

  @Test
  void filesAreDecodedAsPillowDecodesThem() throws IOException {
    Path folder = Golden.folder("multimodal/image_ops");
    List<String> wrong = new ArrayList<>();
    int count = 0;
    try (GoldenTensors expected = GoldenTensors.in(folder)) {
      for (JsonNode test : cases(folder)) {
        String op = test.path("op").asText();
        if (op.equals("resize")) {
          continue;
        }
        count++;
        Pixels read = read(folder, test);
        if (op.equals("convert_rgb")) {
          int orientation = test.path("exif_orientation").asInt(1);
          read = read.oriented(orientation == 6 ? 8 : orientation == 8 ? 6 : orientation);
        }
        Pixels found = op.equals("over_white") ? read.overWhite() : read.rgb();
        String key = test.path("key").asText();
        int tolerance = test.path("jpeg").asBoolean() ? 2 : 0;
        int far = furthest(found.values(), expected.bytes(key));
        boolean size =
            found.width() == test.path("width").asInt()
                && found.height() == test.path("height").asInt();
        if (!size || far > tolerance) {
          wrong.add(key + ": " + far + " " + found.width() + "x" + found.height());
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(count).isEqualTo(30);
  }

  @Test
  void resizingEqualsPillowAndTorchvision() throws IOException {
    Path folder = Golden.folder("multimodal/image_ops");
    List<String> wrong = new ArrayList<>();
    int count = 0;
    for (JsonNode test : cases(folder)) {
      if (test.path("op").asText().equals("resize")) {
        count++;
        Pixels in = read(folder, test);
        Pixels found = resized(in.channels() % 2 == 0 ? in.rgb() : in, test);
        if (!GoldenTensors.sha256(found.values()).equals(test.path("sha256").asText())) {
          wrong.add(test.path("key").asText());
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(count).isGreaterThan(250);
  }

  private static Pixels resized(Pixels in, JsonNode test) {
    int width = test.path("width").asInt();
    int height = test.path("height").asInt();
    Filter filter = Filter.valueOf(test.path("filter").asText().toUpperCase(Locale.ROOT));
    if (test.has("box")) {
      JsonNode box = test.path("box");
      return Resizer.resize(
          in,
          new Resizer.Box(
              box.path(0).asDouble(),
              box.path(1).asDouble(),
              box.path(2).asDouble(),
              box.path(3).asDouble()),
          width,
          height,
          filter);
    }
    if (test.has("reducing_gap")) {
      return Resizer.resize(in, width, height, filter, test.path("reducing_gap").asDouble());
    }
    Resampling resampling =
        test.path("library").asText().equals("pillow")
            ? Resampling.PILLOW
            : test.path("path").asText().equals("uint8")
                ? Resampling.TORCHVISION
                : Resampling.TORCHVISION_FLOAT;
    return Resizer.resize(in, width, height, filter, resampling);
  }

  private static int furthest(byte[] found, byte[] expected) {
    if (found.length != expected.length) {
      return 256;
    }
    int far = 0;
    for (int i = 0; i < found.length; i++) {
      far = Math.max(far, Math.abs((found[i] & 0xff) - (expected[i] & 0xff)));
    }
    return far;
  }
}
