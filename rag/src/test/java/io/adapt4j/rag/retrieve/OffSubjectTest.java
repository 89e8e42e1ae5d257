package io.adapt4j.rag.retrieve;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.RealModel;
import io.adapt4j.rag.WordEmbeddings;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.rag.trace.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Questions that documents do not answer, on the real MiniLM. */
class OffSubjectTest {

  private static final Path DATA = Path.of("..", "..", "shared", "data");

  private static final List<String> BANKING =
      List.of(
          "I am still waiting on my card?",
          "Why was I charged a fee for a cash withdrawal?",
          "How do I verify my identity?",
          "My top-up was reverted, why?",
          "Can I have a refund for this transfer?",
          "What currencies can I hold in my account?",
          "How do I activate my new card?",
          "Why has my transfer been declined?",
          "Is there a limit on cards per account?",
          "My contactless payment does not work.");

  @TempDir private static Path folder;

  @AutoClose private static TextEmbeddings embeddings;

  @BeforeAll
  static void load() throws IOException {
    embeddings = new EmbeddedOnce(RealModel.load());
  }

  private static final List<Document> TELESCOPES =
      List.of(
          Document.of(
              "mirror.md", "The primary mirror gathers light and sends it to the eyepiece."),
          Document.of("mount.md", "An equatorial mount follows the stars as the earth turns."),
          Document.of("finder.md", "Align the finder scope with the tube on a distant tower."),
          Document.of("collimate.md", "To collimate, turn the screws until the rings are round."),
          Document.of("dew.md", "A dew shield keeps moisture off the corrector plate."),
          Document.of("parts.md", "The knob of the focuser is ordered as part FX-2210."));

  @Test
  void whatIsPlainlyOffTheSubjectIsRefusedByDefault() throws IOException {
    try (Rag rag = rag("telescopes", RetrievalOptions.defaults())) {
      rag.add(TELESCOPES);
      for (String question : BANKING) {
        Answer answer = rag.ask(question);
        assertThat(answer.answerable()).as(question).isFalse();
        assertThat(answer.text()).isEqualTo(AnswerOptions.DEFAULT_NOT_FOUND);
        assertThat(answer.passages()).isEmpty();
        Stage stage = answer.trace().stages().get(1);
        assertThat(stage.name()).isEqualTo("subject");
        assertThat(stage.note()).contains("off the subject below");
      }
      for (String question :
          List.of(
              "How do I align the finder?",
              "What does the mirror do with the light?",
              "How do I keep moisture away from the telescope?",
              "What is FX-2210?")) {
        Answer answer = rag.ask(question);
        assertThat(answer.answerable()).as(question).isTrue();
      }
    }
    RetrievalOptions all = RetrievalOptions.builder().refuseOffSubject(false).build();
    try (Rag rag = rag("telescopes", all)) {
      assertThat(rag.ask(BANKING.get(0)).answerable()).isTrue();
    }
  }

  private static Rag rag(String name, RetrievalOptions options) throws IOException {
    return Rag.builder()
        .index(folder.resolve(name))
        .embeddings(embeddings)
        .retrieval(options)
        .build();
  }

  @Test
  void wordsThatStandInAPassageCountBesideTheVector() throws IOException {
    try (Rag rag = rag("union", RetrievalOptions.defaults())) {
      rag.add(TELESCOPES);
      String question = "What is the NASUWT?";
      assertThat(rag.ask(question).answerable()).isFalse();
      rag.add(
          List.of(
              Document.of(
                  "rota.md",
                  "The dome is closed on Mondays. On Fridays it is open until midnight for groups"
                      + " that have booked it a week before, such as members of the NASUWT, and"
                      + " for those who clean the floor, the stairs and the windows.")));
      assertThat(rag.search(question).passages().get(0).documentId()).isEqualTo("rota.md");
    }
  }

  /** With every second article; with all of them by {@code -Dadapt4j.squad=all}. */
  @Test
  void ratesOnSquadAreAsDocumented() throws IOException {
    int step = System.getProperty("adapt4j.squad", "").equals("all") ? 1 : 2;
    Path file = DATA.resolve("squad/xquad_en_a.json");
    Assumptions.assumeTrue(Files.exists(file), file + " is not here");
    List<Document> documents = new ArrayList<>();
    List<String> questions = new ArrayList<>();
    JsonNode articles = new ObjectMapper().readTree(file.toFile()).get("data");
    for (int i = 0; i < articles.size(); i += step) {
      for (JsonNode paragraph : articles.get(i).get("paragraphs")) {
        documents.add(Document.of("p" + documents.size(), paragraph.get("context").asText()));
        paragraph.get("qas").forEach(qa -> questions.add(qa.get("question").asText()));
      }
    }
    List<String> others = new ArrayList<>();
    List<String> banking = Files.readAllLines(DATA.resolve("banking77/train.csv"));
    for (int i = 1; others.size() < 150; i += 60) {
      others.add(banking.get(i));
    }
    try (Rag rag = rag("squad", RetrievalOptions.defaults())) {
      rag.add(documents);
      assertThat(refused(rag, questions)).isLessThan(0.005);
      assertThat(refused(rag, others)).isGreaterThan(0.95);
      List<String> some = every(4 / step, questions);
      SimilarityCalibration calibration = rag.calibrate(some, others);
      assertThat(calibration.threshold()).isBetween(0.2, 0.4);
      assertThat(calibration.falseRefusals()).isLessThan(0.06);
      assertThat(calibration.missedRefusals()).isLessThan(0.1);
      assertThat(calibration.answerable()).isEqualTo(some.size());
      try (Rag calibrated =
          Rag.builder()
              .index(rag.index())
              .embeddings(embeddings)
              .retrieval(
                  RetrievalOptions.builder().minimumSimilarity(calibration.threshold()).build())
              .build()) {
        assertThat(refused(calibrated, some)).isCloseTo(calibration.falseRefusals(), within(0.03));
        assertThat(1 - refused(calibrated, others))
            .isCloseTo(calibration.missedRefusals(), within(0.05));
      }
      assertThat(rag.calibrate(List.of()).threshold()).isBetween(0.2, 0.45);
    }
  }

  private static List<String> every(int step, List<String> questions) {
    return IntStream.range(0, questions.size())
        .filter(i -> i % step == 0)
        .mapToObj(questions::get)
        .toList();
  }

  private static double refused(Rag rag, List<String> questions) {
    return questions.stream().filter(question -> rag.search(question).passages().isEmpty()).count()
        / (double) questions.size();
  }

  @Test
  void aThresholdAndDiversityEmbedTheQuestionOnceAndNoPassage() {
    WordEmbeddings words = new WordEmbeddings();
    try (SearchIndex index =
            LuceneIndex.builder(folder.resolve("words"))
                .embeddings(words.identity(), words.dimension())
                .open();
        Rag rag =
            Rag.builder()
                .index(index)
                .embeddings(words)
                .retrieval(RetrievalOptions.builder().minimumSimilarity(0.1).diversity(0.5).build())
                .build()) {
      rag.add(TELESCOPES);
      words.calls.clear();
      Retrieval found = rag.search("finder scope on a tower");
      assertThat(found.passages().get(0).documentId()).isEqualTo("finder.md");
      assertThat(words.calls).containsExactly(List.of("finder scope on a tower"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theBoundIsFoundOnceAndAgainWhenTheIndexHasGrown() {
    WordEmbeddings words = new WordEmbeddings();
    try (SearchIndex index =
            LuceneIndex.builder(folder.resolve("growing"))
                .embeddings(words.identity(), words.dimension())
                .open();
        Rag rag = Rag.builder().index(index).embeddings(words).build()) {
      assertThat(rag.search("anything at all").passages()).isEmpty();
      rag.add(TELESCOPES);
      words.calls.clear();
      rag.search("finder scope on a tower");
      assertThat(words.calls).hasSize(1 + NeutralQuestions.all().size());
      rag.search("finder scope on a tower");
      assertThat(words.calls).hasSize(2 + NeutralQuestions.all().size());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aCalibrationFindsTheGapAndCountsErrorsOnTheOtherHalf() {
    double[] answerable = IntStream.range(0, 40).mapToDouble(i -> 0.5 + i / 100.0).toArray();
    double[] offSubject = IntStream.range(0, 40).mapToDouble(i -> 0.3 - i / 200.0).toArray();
    SimilarityCalibration apart = SimilarityCalibration.of(answerable, offSubject);
    assertThat(apart.threshold()).isCloseTo(0.4, within(1e-9));
    assertThat(apart.falseRefusals()).isZero();
    assertThat(apart.missedRefusals()).isZero();
    offSubject[0] = 0.7;
    offSubject[1] = 0.8;
    answerable[5] = 0.1;
    SimilarityCalibration mixed = SimilarityCalibration.of(answerable, offSubject);
    assertThat(mixed.threshold()).isBetween(0.295, 0.5);
    assertThat(mixed.falseRefusals()).isCloseTo(1 / 40.0, within(1e-9));
    assertThat(mixed.missedRefusals()).isCloseTo(2 / 40.0, within(1e-9));
    assertThat(mixed.toString()).contains("refuses 2.5 % of 40").contains("misses 5.0 % of 40");
  }

  @Test
  void aCalibrationNeedsQuestionsAndDocuments() throws IOException {
    try (Rag rag = rag("empty", RetrievalOptions.defaults())) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> rag.calibrate(List.of("One?")))
          .withMessageContaining("answerable: expected at least 10 questions, found 1");
      refuses(IllegalStateException.class, () -> rag.calibrate(List.of()), "add documents");
      refuses(IllegalStateException.class, () -> rag.calibrate(BANKING), "add documents");
    }
  }

  @Test
  void identifiersInAQuestionAreSeenAsWholeWords() {
    List<Hit> hits = hits("The knob is ordered as part FX-2210. See page 12.");
    assertThat(Identifiers.standIn("What is fx-2210?", hits)).isTrue();
    assertThat(Identifiers.standIn("What is FX-221?", hits)).isFalse();
    assertThat(Identifiers.standIn("What is on page 12?", hits)).isFalse();
    assertThat(Identifiers.standIn("What is a knob?", hits)).isFalse();
  }

  /** Remembers the vectors of questions, which these tests ask again with other settings. */
  private static final class EmbeddedOnce implements TextEmbeddings {

    private final TextEmbeddings model;
    private final Map<String, float[]> questions = new HashMap<>();

    private EmbeddedOnce(TextEmbeddings model) {
      this.model = model;
    }

    @Override
    public String identity() {
      return model.identity();
    }

    @Override
    public int dimension() {
      return model.dimension();
    }

    @Override
    public List<float[]> passages(List<String> texts) {
      return model.passages(texts);
    }

    @Override
    public float[] query(String text) {
      return questions.computeIfAbsent(text, model::query);
    }

    @Override
    public OptionalInt maxTokens() {
      return model.maxTokens();
    }

    @Override
    public int countTokens(String text) {
      return model.countTokens(text);
    }

    @Override
    public void close() {
      model.close();
    }
  }

  private static List<Hit> hits(String text) {
    Span span = new Span(0, text.length());
    return List.of(new Hit(new Chunk("d", 0, span, span, "", text), 1, "", Map.of()));
  }
}
