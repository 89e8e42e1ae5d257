package io.adapt4j.vision;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.vision.internal.GoldenTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureTest {

  private static final Path PICTURES = Path.of("src/test/resources/pictures");

  @Test
  void everyFormatGivesPillowsValues() throws IOException {
    JsonNode expected = new ObjectMapper().readTree(PICTURES.resolve("expected.json").toFile());
    List<String> wrong = new ArrayList<>();
    for (Map.Entry<String, JsonNode> file : expected.properties()) {
      Picture picture = Picture.read(PICTURES.resolve(file.getKey()));
      JsonNode stated = file.getValue();
      boolean size =
          picture.width() == stated.path("width").asInt()
              && picture.height() == stated.path("height").asInt();
      if (stated.has("rgb")) {
        byte[] rgb = Base64.getDecoder().decode(stated.path("rgb").asText());
        boolean webp = file.getKey().endsWith(".webp");
        double far = webp ? mean(picture.rgb(), rgb) : furthest(picture.rgb(), rgb);
        if (!size || far > (webp ? 1.5 : 2)) {
          wrong.add(file.getKey() + " by " + far);
        }
      } else if (!size || !sha256(picture).equals(stated.path("sha256").asText())) {
        wrong.add(file.getKey());
      } else if (!sha256(picture.overWhite()).equals(stated.path("over_white").asText())) {
        wrong.add(file.getKey() + " over white");
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(expected.size()).isGreaterThan(40);
  }

  @Test
  void limitsAreCheckedBeforeMemoryIsTaken() throws IOException {
    PictureLimits few = new PictureLimits(1 << 20, 100, 1000, 1000);
    Path file = PICTURES.resolve("rgb.bmp");
    refuses(
        PictureException.class,
        () -> Picture.read(file, few),
        "rgb.bmp",
        "100 pixels",
        "468",
        "PictureLimits");
    refuses(
        PictureException.class,
        () -> Picture.read(file, new PictureLimits(99, 1000, 1000, 1000)),
        "99 bytes");
    refuses(
        PictureException.class,
        () -> Picture.read(file, new PictureLimits(1 << 20, 1000, 20, 1000)),
        "20 pixels in width and height, found 26");
    for (String several : List.of("animated.gif", "animated.webp", "pages.tif")) {
      refuses(
          PictureException.class,
          () -> Picture.read(PICTURES.resolve(several), new PictureLimits(1 << 20, 1000, 100, 1)),
          several,
          "at most 1 pages or frames, found 2");
    }
    // A PNG of 64 KiB that says it has 4 billion pixels.
    byte[] bomb = Files.readAllBytes(PICTURES.resolve("keyed.png"));
    Arrays.fill(bomb, 18, 20, (byte) 1);
    refuses(PictureException.class, () -> Picture.of("bomb", bomb, few), "bomb");
  }

  @Test
  void truncatedFilesAreRefused() throws IOException {
    for (String name :
        List.of(
            "keyed.png", "progressive.jpg", "lossless.webp", "plain.gif", "rgb.bmp", "rgb.tif")) {
      byte[] whole = Files.readAllBytes(PICTURES.resolve(name));
      for (int length : new int[] {9, whole.length / 3, 2 * whole.length / 3}) {
        byte[] part = Arrays.copyOf(whole, length);
        refuses(
            PictureException.class,
            () -> Picture.of(name, part, PictureLimits.defaults()),
            name,
            ".");
      }
    }
  }

  @Test
  void damagedFilesAreReadOrRefused() throws IOException {
    PictureLimits limits = new PictureLimits(1 << 20, 1 << 16, 1 << 12, 10);
    Random random = new Random(1);
    try (var files = Files.list(PICTURES)) {
      for (Path file : files.filter(path -> !path.toString().endsWith(".json")).sorted().toList()) {
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < 60; i++) {
          byte[] damaged = whole.clone();
          for (int k = 0; k < 3; k++) {
            damaged[random.nextInt(Math.min(damaged.length, i % 2 == 0 ? 80 : 4096))] =
                (byte) random.nextInt(256);
          }
          try {
            assertThat(Picture.of("damaged", damaged, limits).rgb()).isNotEmpty();
          } catch (PictureException e) {
            assertThat(e).hasMessageStartingWith("damaged: ").hasMessageEndingWith(".");
          }
        }
      }
    }
  }

  @Test
  void errorsNameTheFile(@TempDir Path folder) throws IOException {
    refuses(
        PictureException.class,
        () -> Picture.read(folder.resolve("none.png")),
        "none.png",
        "no such");
    Path text = Files.writeString(folder.resolve("a.png"), "no picture");
    refuses(PictureException.class, () -> Picture.read(text), "a.png", "expected a PNG, JPEG");
    refuses(PictureException.class, () -> Picture.of(new byte[0]), "an empty file");
  }

  @Test
  void valuesMakeAPicture() {
    byte[] values = {1, 2, 3, 4, 5, 6};
    Picture picture = Picture.ofRgb(1, 2, values);
    values[0] = 9;
    assertThat(picture.rgb()).containsExactly(1, 2, 3, 4, 5, 6);
    refuses(IllegalArgumentException.class, () -> Picture.ofRgb(2, 2, values), "found 6");
  }

  private static String sha256(Picture picture) {
    return GoldenTensors.sha256(picture.rgb());
  }

  /** Colors of lossy WebP are enlarged otherwise than libwebp does it, which shows at edges. */
  private static double mean(byte[] found, byte[] expected) {
    double sum = 0;
    for (int i = 0; i < expected.length; i++) {
      sum += Math.abs((found[i] & 0xff) - (expected[i] & 0xff));
    }
    return sum / expected.length;
  }

  private static int furthest(byte[] found, byte[] expected) {
    int far = found.length == expected.length ? 0 : 256;
    for (int i = 0; i < Math.min(found.length, expected.length); i++) {
      far = Math.max(far, Math.abs((found[i] & 0xff) - (expected[i] & 0xff)));
    }
    return far;
  }
}
