package io.adapt4j.rag.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.WordEmbeddings;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.rag.tune.RaftRows.Kind;
import io.adapt4j.rag.tune.RaftRows.Rejection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RaftTest {

  private static final int SHOPS = 20;
  private static final RetrievalOptions ANYTHING =
      RetrievalOptions.builder().refuseOffSubject(false).build();

  @TempDir private Path folder;

  private final TextEmbeddings embeddings = new WordEmbeddings();
  @AutoClose private SearchIndex index;

  /** Shop i takes parcels back for i + 10 days; shop 3's text is there twice. */
  private static String text(int shop) {
    return "The shop number %d takes parcels back for %d days. It opens at nine."
        .formatted(shop, shop + 10);
  }

  private static RaftQuestion question(int shop) {
    return new RaftQuestion(
        "For how many days does shop number %d take parcels back?".formatted(shop),
        "It takes them back for %d days.".formatted(shop + 10),
        "shop" + shop,
        "takes parcels back for %d days".formatted(shop + 10));
  }

  private static List<RaftQuestion> questions() {
    List<RaftQuestion> questions = new ArrayList<>();
    for (int shop = 0; shop < SHOPS; shop++) {
      questions.add(question(shop));
    }
    return questions;
  }

  @BeforeEach
  void fill() throws IOException {
    index =
        LuceneIndex.builder(folder.resolve("index"))
            .embeddings(embeddings.identity(), embeddings.dimension())
            .open();
    List<Document> documents = new ArrayList<>();
    for (int shop = 0; shop < SHOPS; shop++) {
      documents.add(Document.of("shop" + shop, text(shop)));
    }
    documents.add(Document.of("copy", text(3)));
    try (Rag rag = Rag.builder().index(index).embeddings(embeddings).build()) {
      rag.add(documents);
    }
  }

  private Raft raft() {
    return Raft.in(index, embeddings).retrieval(ANYTHING);
  }

  private static List<ChatMessage> messages(Dataset rows, int row) {
    return ((Example.Chat) rows.get(row)).messages();
  }

  private static String answer(Dataset rows, int row) {
    List<ChatMessage> messages = messages(rows, row);
    return (String) messages.get(messages.size() - 1).content();
  }

  private static String field(Dataset rows, int row, String name) {
    return rows.source(row).orElseThrow().text(name);
  }

  private static List<String> sources(Dataset rows, int row) {
    return ((List<?>) rows.source(row).orElseThrow().value("sources"))
        .stream().map(String::valueOf).toList();
  }

  @Test
  void theGoldPassageIsAmongTheSourcesAndCitedByItsNumber() {
    RaftRows made = raft().withoutGold(0).rows(questions());
    Dataset rows = made.dataset();
    assertThat(made.kinds()).containsOnlyKeys(Kind.GOLD).containsEntry(Kind.GOLD, SHOPS);
    Set<Integer> places = new TreeSet<>();
    for (int row = 0; row < rows.size(); row++) {
      List<String> sources = sources(rows, row);
      String gold = field(rows, row, "gold");
      assertThat(gold).isEqualTo("shop" + row + "#0");
      assertThat(sources.stream().filter(gold::equals)).hasSize(1);
      assertThat(sources).hasSize(5).doesNotHaveDuplicates();
      int number = sources.indexOf(gold) + 1;
      places.add(number);
      assertThat(answer(rows, row))
          .isEqualTo("It takes them back for %d days [%d].".formatted(row + 10, number));
    }
    assertThat(places).containsExactly(1, 2, 3, 4, 5);
  }

  @Test
  void aDistractorIsNeitherTheGoldPassageNorACopyOfIt() {
    Dataset rows = raft().distractors(SHOPS).withoutGold(0).rows(List.of(question(3))).dataset();
    assertThat(sources(rows, 0)).contains("shop3#0").doesNotContain("copy#0").hasSize(SHOPS);
  }

  @Test
  void withoutItsGoldPassageARowRefusesAndNoSourceHasTheAnswer() {
    AnswerOptions answering = AnswerOptions.builder().notFound("Nobody knows.").build();
    RaftRows made = raft().answering(answering).withoutGold(0.25).seed(7).rows(questions());
    Dataset rows = made.dataset();
    assertThat(made.kinds()).containsEntry(Kind.GOLD, 15).containsEntry(Kind.WITHOUT_GOLD, 5);
    for (int row = 0; row < rows.size(); row++) {
      if (field(rows, row, "kind").equals("WITHOUT_GOLD")) {
        assertThat(answer(rows, row)).isEqualTo("Nobody knows.");
        String user = (String) messages(rows, row).get(1).content();
        assertThat(user).doesNotContain("back for %d days".formatted(row + 10));
        assertThat(sources(rows, row))
            .hasSize(5)
            .doesNotContain("shop" + row + "#0", row == 3 ? "copy#0" : "none");
      }
    }
  }

  @Test
  void aQuestionThatTheDocumentsDoNotAnswerIsRefused() {
    RaftQuestion unanswered = new RaftQuestion("Does the shop number 4 sell parrots?", "", "", "");
    RaftRows made = raft().rows(List.of(unanswered));
    assertThat(made.kinds()).containsOnlyKeys(Kind.NOT_IN_DOCUMENTS);
    assertThat(answer(made.dataset(), 0)).isEqualTo(AnswerOptions.DEFAULT_NOT_FOUND);
    assertThat(field(made.dataset(), 0, "gold")).isEmpty();
    assertThat(sources(made.dataset(), 0)).hasSize(5);
  }

  @Test
  void theGoldPassageIsFoundByItsWordsWithoutADocument() {
    RaftQuestion row = question(5);
    RaftQuestion unplaced = new RaftQuestion(row.question(), row.answer(), "", row.passage());
    Dataset rows = raft().withoutGold(0).rows(List.of(unplaced)).dataset();
    assertThat(field(rows, 0, "gold")).isEqualTo("shop5#0");
  }

  @Test
  void whatStandsInTheSourceWordForWordIsQuotedAndEverySentenceIsCited() {
    RaftQuestion row =
        new RaftQuestion(
            "When does shop number 2 open?",
            "It opens at nine. That is early for Mr. Smith.",
            "shop2",
            "It opens at nine.");
    Dataset rows = raft().distractors(0).withoutGold(0).rows(List.of(row)).dataset();
    assertThat(answer(rows, 0))
        .isEqualTo("\"It opens at nine\" [1]. That is early for Mr. Smith [1].");
  }

  /** What is trained is what is asked: the same messages, and an answer that passes all checks. */
  @Test
  void theRowIsTheConversationOfARagAndItsAnswerIsChecked() throws IOException {
    Dataset rows = raft().distractors(0).withoutGold(0).rows(List.of(question(8))).dataset();
    AtomicReference<List<ChatMessage>> asked = new AtomicReference<>();
    TextGenerator tuned =
        (messages, options) -> {
          asked.set(messages);
          return GeneratedText.of(answer(rows, 0));
        };
    RetrievalOptions first = RetrievalOptions.builder().refuseOffSubject(false).limit(1).build();
    try (Rag rag =
        Rag.builder()
            .index(index)
            .embeddings(embeddings)
            .retrieval(first)
            .generator(tuned)
            .build()) {
      Answer answer = rag.ask(question(8).question());
      assertThat(answer.checked()).isTrue();
      List<ChatMessage> trained = messages(rows, 0);
      assertThat(asked.get()).isEqualTo(trained.subList(0, trained.size() - 1));
      assertThat(rag.asGenerator("shops").identity()).contains("shops");
      assertThat(rag.asGenerator("shops").generate(question(8).question(), null).text())
          .isEqualTo(answer.text());
    }
  }

  @Test
  void whatGivesNoRowIsCountedByReason() {
    RaftQuestion unfound = new RaftQuestion("Where?", "In the cellar, I think.", "shop1", "");
    RaftQuestion numbered = new RaftQuestion("When?", "At nine [7].", "shop1", "opens at nine");
    RaftRows made = raft().withoutGold(0).rows(List.of(unfound, numbered, question(1)));
    assertThat(made.rejected())
        .containsEntry(Rejection.GOLD_NOT_FOUND, 1)
        .containsEntry(Rejection.FAILS_CHECKS, 1);
    assertThat(made.dataset().size()).isEqualTo(1);
    assertThatExceptionOfType(DatasetException.class)
        .isThrownBy(() -> raft().rows(List.of(unfound)))
        .withMessageContaining("no question gave a row; rejected: {GOLD_NOT_FOUND=1}");
  }

  @Test
  void distractorsGiveWayWhereTheContextIsShort() {
    int all = 750;
    TokenBudget some = new TokenBudget(all, text -> text.length() / 2, Set.of());
    AnswerOptions brief =
        AnswerOptions.builder()
            .generation(GenerationOptions.builder().maxNewTokens(200).build())
            .build();
    RaftRows made = raft().answering(brief).budget(some).withoutGold(0).rows(questions());
    Dataset rows = made.dataset();
    assertThat(rows.size()).isEqualTo(SHOPS);
    for (int row = 0; row < rows.size(); row++) {
      assertThat(sources(rows, row).size()).isBetween(1, 4);
      assertThat(sources(rows, row)).contains(field(rows, row, "gold"));
    }
    TokenBudget none = new TokenBudget(300, text -> text.length() / 2, Set.of());
    assertThatExceptionOfType(DatasetException.class)
        .isThrownBy(() -> raft().answering(brief).budget(none).rows(List.of(question(1))))
        .withMessageContaining("NO_ROOM");
  }

  @Test
  void theSameSettingsGiveTheSameFilesAndAnotherSeedAnotherOrder() throws IOException {
    Path file = folder.resolve("rows.jsonl");
    raft().rows(questions()).write(file);
    byte[] first = Files.readAllBytes(file);
    Path beside = folder.resolve("rows.jsonl" + RaftRows.PROVENANCE);
    byte[] provenance = Files.readAllBytes(beside);
    assertThat(Files.readString(beside))
        .contains("\"withoutGold\": 0.2", "\"GOLD\": 16", "\"shop19\": \"");
    raft().rows(questions()).write(file);
    assertThat(Files.readAllBytes(file)).isEqualTo(first);
    assertThat(Files.readAllBytes(beside)).isEqualTo(provenance);
    raft().seed(1).rows(questions()).write(file);
    assertThat(Files.readAllBytes(file)).isNotEqualTo(first);
    Dataset read = Datasets.read(file).open();
    assertThat(read.get(0)).isInstanceOf(Example.Chat.class);
    assertThat(read.source(0).map(Row::fields).orElseThrow())
        .contains("messages", "question", "kind", "document", "gold", "sources");
  }

  @Test
  void questionsAreReadFromFilesAndFromRowsOfPromptsAndCompletions() throws IOException {
    Path file = folder.resolve("questions.jsonl");
    Files.writeString(
        file,
        """
        {"question": "When?", "answer": "At nine.", "document": "shop1"}
        {"question": "Why?", "answer": null}
        """);
    assertThat(RaftQuestion.read(file))
        .containsExactly(
            new RaftQuestion("When?", "At nine.", "shop1", ""),
            new RaftQuestion("Why?", "", "", ""));
    Files.writeString(file, "{\"answer\": \"At nine.\"}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RaftQuestion.read(file))
        .withMessageContaining("line 1")
        .withMessageContaining("field 'question'");
    Dataset passages = raft().passages();
    assertThat(passages.size()).isEqualTo(SHOPS + 1);
    Dataset pairs =
        Datasets.of(List.of(new Example.PromptCompletion("When?", " At nine.")))
            .withField("document", List.of("shop1"));
    assertThat(RaftQuestion.of(pairs))
        .containsExactly(new RaftQuestion("When?", "At nine.", "shop1", ""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RaftQuestion.of(passages))
        .withMessageContaining("expected a prompt and a completion");
  }
}
