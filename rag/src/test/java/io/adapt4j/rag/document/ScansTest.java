package io.adapt4j.rag.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.rag.IngestReport;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.WordEmbeddings;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.internal.pdf.PdfPages;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.VisionLanguageModel;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.FileImageOutputStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.pdfbox.pdmodel.graphics.image.LosslessFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures of pages as documents. */
class ScansTest {

  private static final Path MODEL =
      Path.of("..", "vision", "src", "test", "resources", "models", "idefics3");

  @TempDir Path folder;

  /** Says which color a page has, in its middle, and that it stands in its lower half. */
  private static PageText color(byte[] png) throws IOException {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    Color color = new Color(image.getRGB(image.getWidth() / 2, image.getHeight() / 2));
    String name = color.getRed() > 128 ? "red" : color.getBlue() > 128 ? "blue" : "green";
    String text = "# Scan\n\nThis page is " + name + ".";
    Span said = new Span(8, text.length());
    return new PageText(text, List.of(new PageBox(1, said, 0.1, 0.5, 0.9, 1)), false);
  }

  /** A picture with a white edge, so that it is not blank. */
  private static BufferedImage page(Color color) {
    BufferedImage image = new BufferedImage(60, 80, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, 60, 80);
    graphics.setColor(color);
    graphics.fillRect(5, 5, 50, 70);
    graphics.dispose();
    return image;
  }

  /** Writes a page for each part: a text, a picture, or nothing. */
  private Path pdf(Object... parts) throws IOException {
    Path file = folder.resolve("scan.pdf");
    try (PDDocument pdf = new PDDocument()) {
      for (Object part : parts) {
        PDPage page = new PDPage(new PDRectangle(300, 400));
        pdf.addPage(page);
        try (PDPageContentStream out = new PDPageContentStream(pdf, page)) {
          if (part instanceof Color color) {
            out.drawImage(LosslessFactory.createFromImage(pdf, page(color)), 0, 0, 300, 400);
          } else if (part instanceof String text) {
            out.beginText();
            out.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 12);
            out.newLineAtOffset(20, 200);
            out.showText(text);
            out.endText();
          }
        }
      }
      pdf.save(file.toFile());
    }
    return file;
  }

  private static List<Document> read(Documents documents, List<String> problems) {
    List<Document> read = new ArrayList<>();
    ReadingReport report = documents.forEach(read::add);
    report.failed().forEach(problem -> problems.add(problem.toString()));
    report.skipped().forEach(problem -> problems.add(problem.toString()));
    return read;
  }

  private static Document readWhole(Documents documents) {
    List<String> problems = new ArrayList<>();
    List<Document> read = read(documents, problems);
    assertThat(problems).isEmpty();
    assertThat(read).hasSize(1);
    return read.get(0);
  }

  @Test
  void pagesWithoutTextAreReadFromTheirPictures() throws IOException {
    Path file = pdf(Color.RED, "Plain words.", null, Color.BLUE);

    Document document = readWhole(Documents.files(file).readScans(ScansTest::color));

    assertThat(document.text().split("\f", -1))
        .extracting(String::strip)
        .containsExactly(
            "# Scan\n\nThis page is red.", "Plain words.", "", "# Scan\n\nThis page is blue.");
    assertThat(document.metadata()).containsEntry("structure", "text");
    Pages pages = Pages.of(document);
    int blue = document.text().indexOf("blue");
    Span cited = new Span(blue, blue + 4);
    assertThat(pages.boxes(cited))
        .extracting(
            box -> box.span().of(document.text()), PageBox::page, PageBox::left, PageBox::bottom)
        .containsExactly(tuple("This page is blue.", 4, 0.1, 1.0));
    assertThat(pages.first(cited)).isEqualTo(4);
    assertThat(pages.boxes(new Span(0, 4))).isEmpty();
    assertThat(PdfPages.of(file, document, cited))
        .singleElement()
        .satisfies(
            page -> {
              assertThat(page.number()).isEqualTo(4);
              assertThat(page.boxes())
                  .singleElement()
                  .hasToString("Box[x=30.0, y=200.0," + " width=240.0, height=200.0]");
            });
  }

  @Test
  void textIsReplacedOnlyIfAskedFor() throws IOException {
    Path file = pdf("Plain words.");
    Documents documents = Documents.files(file);
    assertThat(readWhole(documents.readScans(png -> PageText.of("read"))).text())
        .isEqualTo("Plain words.\n");
    ScanOptions always = ScanOptions.standard().withAlways();
    assertThat(readWhole(documents.readScans(png -> PageText.of("read"), always)).text())
        .isEqualTo("read\n");
  }

  @Test
  void picturesAreDocuments() throws IOException {
    ImageIO.write(page(Color.RED), "png", folder.resolve("a.png").toFile());
    ImageIO.write(page(Color.GREEN), "jpeg", folder.resolve("b.jpg").toFile());
    ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
    try (FileImageOutputStream out = new FileImageOutputStream(folder.resolve("c.tif").toFile())) {
      writer.setOutput(out);
      writer.prepareWriteSequence(null);
      writer.writeToSequence(new IIOImage(page(Color.BLUE), null, null), null);
      writer.writeToSequence(new IIOImage(page(Color.RED), null, null), null);
      writer.endWriteSequence();
    }
    List<String> problems = new ArrayList<>();

    List<Document> read = read(Documents.in(folder).readScans(ScansTest::color), problems);

    assertThat(problems).isEmpty();
    assertThat(read)
        .extracting(Document::title, each -> each.text().replaceAll("[^a-z\f]+", " ").strip())
        .containsExactly(
            tuple("Scan", "can his page is red"),
            tuple("Scan", "can his page is green"),
            tuple("Scan", "can his page is blue \f can his page is red"));
    assertThat(read.get(2).metadata())
        .containsEntry("media_type", "image/tiff")
        .containsEntry("page_count", 2L)
        .containsEntry("structure", "markdown");
    assertThat(Documents.in(folder).forEach(each -> {}).skipped()).hasSize(3);
  }

  @Test
  void pagesThatFailAreReportedByTheirNumbersAndTheRestIsKept() throws IOException {
    Path file = pdf(Color.RED, Color.GREEN, Color.BLUE, Color.RED);
    ScanOptions options = ScanOptions.standard().withPages(3).withTime(Duration.ofMillis(300));
    PageReader reader =
        png -> {
          PageText page = color(png);
          if (page.text().contains("green")) {
            throw new IOException("no ink");
          }
          if (page.text().contains("blue")) {
            Thread.sleep(60_000);
          }
          return new PageText(page.text(), page.boxes(), true);
        };
    List<String> problems = new ArrayList<>();

    List<Document> read = read(Documents.files(file).readScans(reader, options), problems);

    assertThat(read).singleElement().extracting(Document::text).asString().contains("red");
    assertThat(problems).hasSize(4).allMatch(problem -> problem.startsWith("scan.pdf: "));
    assertThat(problems.get(0)).contains("page 1: its text").contains("truncated");
    assertThat(problems.get(1)).contains("page 2: cannot be read").contains("no ink");
    assertThat(problems.get(2)).contains("page 3: took longer than 0.3 s").contains("ScanOptions");
    assertThat(problems.get(3)).contains("4 pages").contains("first 3");
  }

  @Test
  void aFileWhosePagesAllFailGivesNoDocument() throws IOException {
    Path file = pdf(Color.RED);
    PageReader reader =
        png -> {
          throw new IllegalStateException("broken");
        };
    List<String> problems = new ArrayList<>();
    assertThat(read(Documents.files(file).readScans(reader), problems)).isEmpty();
    assertThat(problems).singleElement().asString().contains("page 1").contains("broken");
  }

  @Test
  void pagesAreReducedToTheirLimit() throws IOException {
    Path file = pdf(Color.RED);
    PageReader reader =
        png -> {
          BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
          return PageText.of(image.getWidth() + "x" + image.getHeight());
        };
    Documents documents = Documents.files(file);
    assertThat(readWhole(documents.readScans(reader)).text()).isEqualTo("600x800\n");
    ScanOptions small = ScanOptions.standard().withPixels(1200);
    assertThat(readWhole(documents.readScans(reader, small)).text()).isEqualTo("30x40\n");
  }

  @Test
  void whatTheModelSaysIsWhatIsIndexed() throws IOException {
    Path file =
        Files.copy(MODEL.resolve("images").resolve("page_170x90.png"), folder.resolve("scan.png"));
    long before = Tensor.live();
    try (VisionLanguageModel model =
            VisionLanguageModel.load(
                ModelSource.path(MODEL), WeightFormat.asStored(), Precision.FP32);
        LuceneIndex index = index();
        Rag rag = Rag.builder().index(index).embeddings(new WordEmbeddings()).build()) {
      VisionPageReader reader = VisionPageReader.of(model).withPrompt("Read.").withTokens(24);

      IngestReport report = rag.add(Documents.files(file).readScans(reader));

      assertThat(report.documents()).isEqualTo(1);
      Document indexed = index.document("scan.png").orElseThrow();
      GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(24).build();
      String said = model.chat(List.of(question()), List.of(Picture.read(file)), options);
      assertThat(said).isNotBlank();
      assertThat(indexed.text().strip()).isEqualTo(said.strip());
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static ChatMessage question() {
    return ChatMessage.of(
        Map.of(
            "role",
            "user",
            "content",
            List.of(Map.of("type", "image"), Map.of("type", "text", "text", "Read."))));
  }

  private LuceneIndex index() throws IOException {
    WordEmbeddings embeddings = new WordEmbeddings();
    return LuceneIndex.builder(folder.resolve("index"))
        .embeddings(embeddings.identity(), embeddings.dimension())
        .open();
  }

  @Test
  void placesComeBackFromTheIndexWithTheDocumentAlone() throws IOException {
    Path file = pdf(Color.RED);
    try (LuceneIndex index = index();
        Rag rag = Rag.builder().index(index).embeddings(new WordEmbeddings()).build()) {
      Documents documents = Documents.files(file).readScans(ScansTest::color);
      rag.add(documents);
      Document document = index.document("scan.pdf").orElseThrow();
      assertThat(Pages.of(document).boxes(new Span(0, 100))).hasSize(1);
      assertThat(rag.search("Which page is red?").passages())
          .isNotEmpty()
          .allSatisfy(passage -> assertThat(passage.metadata()).doesNotContainKey("boxes"));
      assertThat(rag.update(documents).unchanged()).isEqualTo(1);
    }
  }
}
