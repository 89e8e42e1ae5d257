package io.adapt4j.rag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.document.FileProblem;
import io.adapt4j.vision.ImageEmbedder;
import io.adapt4j.vision.Picture;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.graphics.image.LosslessFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures and pages found by texts. */
class PictureIndexTest {

  private static final Path SIGLIP =
      Path.of("..", "vision", "src", "test", "resources", "models", "siglip");

  private static final List<String> PICTURES = List.of("photo_64x50.png", "page_200x70.png");

  private static final String QUESTION = "a photo of a small red square";

  @TempDir private Path folder;

  private final long before = Tensor.live();

  @AfterEach
  void everythingIsFreed() {
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private Path index() {
    return folder.resolve("index");
  }

  private Path files() throws IOException {
    return Files.createDirectories(folder.resolve("files"));
  }

  private Path copy(String picture, String as) throws IOException {
    Path file = files().resolve(as);
    Files.createDirectories(file.getParent());
    return Files.copy(
        SIGLIP.resolve("images").resolve(picture), file, StandardCopyOption.REPLACE_EXISTING);
  }

  private static ImageEmbedder model() {
    return ImageEmbedder.load(ModelSource.path(SIGLIP));
  }

  @ParameterizedTest
  @ValueSource(strings = {"siglip", "clip"})
  void textsRankPicturesByTheProductsOfTheReferencesVectors(String name) throws IOException {
    Path golden = Golden.folder("multimodal/models/" + name);
    JsonNode cases = Json.parse(Files.readString(golden.resolve("cases.json")));
    try (ImageEmbedder model = ImageEmbedder.load(ModelSource.path(golden));
        SafetensorsFile expected = SafetensorsFile.open(golden.resolve("expected.safetensors"));
        PictureIndex index = PictureIndex.open(index(), model)) {
      // Its transparent pixels are seen over white, and have any color in the reference.
      index.add(Documents.in(golden.resolve("images")).except("alpha*"));
      for (int text = 0; text < cases.path("texts").size(); text++) {
        Map<String, Double> products = new TreeMap<>();
        for (int i = 0; i < cases.path("image_order").size(); i++) {
          String file = cases.path("image_order").path(i).asText();
          if (!file.startsWith("alpha")) {
            products.put(file, product(expected, i, text, model.dimension()));
          }
        }
        List<PictureHit> hits =
            index.search(cases.path("texts").path(text).asText(), 100).stream()
                .filter(hit -> products.containsKey(hit.file()))
                .toList();
        assertThat(hits)
            .extracting(PictureHit::file)
            .containsExactlyElementsOf(
                products.keySet().stream()
                    .sorted(Comparator.comparing(products::get).reversed())
                    .toList());
        assertThat(hits)
            .allSatisfy(
                hit -> assertThat(hit.score()).isCloseTo(products.get(hit.file()), within(1e-5)));
      }
    }
  }

  private static double product(SafetensorsFile file, int picture, int text, int width) {
    float[] pictures = new float[Math.toIntExact(file.entry("image_embeds").elements())];
    file.bytes("image_embeds").asFloatBuffer().get(pictures);
    float[] texts = new float[Math.toIntExact(file.entry("text_embeds").elements())];
    file.bytes("text_embeds").asFloatBuffer().get(texts);
    double sum = 0;
    for (int i = 0; i < width; i++) {
      sum += (double) pictures[picture * width + i] * texts[text * width + i];
    }
    return sum;
  }

  @Test
  void picturesAreStillFoundAfterReopening() throws IOException {
    copy(PICTURES.get(0), "one.png");
    copy(PICTURES.get(1), "deep/two.png");
    List<PictureHit> hits;
    try (ImageEmbedder model = model()) {
      try (PictureIndex index = PictureIndex.open(index(), model)) {
        IngestReport report = index.add(Documents.in(files()));
        assertThat(report.documents()).isEqualTo(2);
        assertThat(report.chunks()).isEqualTo(2);
        hits = index.search(QUESTION, 5);
        assertThat(hits).extracting(PictureHit::file).contains("one.png", "deep/two.png");
        assertThat(index.search(QUESTION, 1)).isEqualTo(hits.subList(0, 1));
      }
      try (PictureIndex index = PictureIndex.open(index(), model)) {
        assertThat(index.search(QUESTION, 5)).isEqualTo(hits);
        Picture shown = Picture.read(files().resolve("deep/two.png"));
        PictureHit first = index.search(shown, 5).get(0);
        assertThat(first.file()).isEqualTo("deep/two.png");
        assertThat(first.score()).isCloseTo(1, within(1e-5));
      }
    }
  }

  @Test
  void pagesOfPdfFilesAreFoundByTheirNumbers() throws IOException {
    try (PDDocument pdf = new PDDocument()) {
      page(pdf, PICTURES.get(0));
      pdf.addPage(new PDPage(new PDRectangle(100, 100)));
      page(pdf, PICTURES.get(1));
      pdf.save(files().resolve("pages.pdf").toFile());
    }
    try (ImageEmbedder model = model();
        PictureIndex index = PictureIndex.open(index(), model)) {
      assertThat(index.add(Documents.in(files())).chunks()).isEqualTo(2);
      List<Integer> best = new ArrayList<>();
      for (String name : PICTURES) {
        PictureHit hit =
            index.search(Picture.read(SIGLIP.resolve("images").resolve(name)), 1).get(0);
        assertThat(hit.file()).isEqualTo("pages.pdf");
        best.add(hit.page());
      }
      assertThat(best).containsExactly(1, 3);
    }
  }

  private static void page(PDDocument pdf, String picture) throws IOException {
    BufferedImage image = ImageIO.read(SIGLIP.resolve("images").resolve(picture).toFile());
    PDPage page = new PDPage(new PDRectangle(image.getWidth(), image.getHeight()));
    pdf.addPage(page);
    try (PDPageContentStream out = new PDPageContentStream(pdf, page)) {
      out.drawImage(LosslessFactory.createFromImage(pdf, image), 0, 0);
    }
  }

  @Test
  void filesThatCannotBeReadAreNamedAndOthersThanPicturesLeftOut() throws IOException {
    copy(PICTURES.get(0), "good.png");
    byte[] bytes = Files.readAllBytes(files().resolve("good.png"));
    Files.write(files().resolve("cut.png"), Arrays.copyOf(bytes, bytes.length / 2));
    Files.writeString(files().resolve("broken.pdf"), "%PDF-1.7 and nothing else");
    Files.writeString(files().resolve("words.txt"), "Words are no picture.");
    try (ImageEmbedder model = model();
        PictureIndex index = PictureIndex.open(index(), model)) {
      IngestReport report = index.add(Documents.in(files()));
      assertThat(report.documents()).isEqualTo(1);
      assertThat(report.reading().failed())
          .extracting(FileProblem::id)
          .containsExactly("broken.pdf", "cut.png");
      assertThat(index.search(QUESTION, 9))
          .extracting(PictureHit::file)
          .containsExactly("good.png");
    }
  }

  @Test
  void synchronizingFollowsTheFilesAndKeepsWhatIsUnchanged() throws IOException {
    copy(PICTURES.get(0), "kept.png");
    copy(PICTURES.get(0), "same.png");
    copy(PICTURES.get(1), "gone.png");
    try (ImageEmbedder model = model();
        PictureIndex index = PictureIndex.open(index(), model)) {
      index.sync(Documents.in(files()));
      Files.move(files().resolve("gone.png"), files().resolve("moved.png"));
      IngestReport report = index.sync(Documents.in(files()));
      assertThat(report.unchanged()).isEqualTo(2);
      assertThat(report.deleted()).containsExactly("gone.png");
      index.delete(List.of("kept.png"));
      assertThat(index.search(QUESTION, 9))
          .extracting(PictureHit::file)
          .containsExactlyInAnyOrder("same.png", "moved.png");
    }
  }

  @Test
  void anotherModelIsRefused() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    try (Stream<Path> all = Files.list(SIGLIP)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        Files.copy(file, other.resolve(file.getFileName().toString()));
      }
    }
    Files.writeString(
        other.resolve("preprocessor_config.json"),
        Files.readString(other.resolve("preprocessor_config.json")) + "\n");
    try (ImageEmbedder model = model();
        ImageEmbedder changed = ImageEmbedder.load(ModelSource.path(other))) {
      PictureIndex.open(index(), model).close();
      assertThatThrownBy(() -> PictureIndex.open(index(), changed))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("siglip")
          .hasMessageContaining("other");
    }
  }
}
