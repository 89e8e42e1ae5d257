package io.adapt4j.verification.study;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.data.Example;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.task.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is written of villages. */
class TextsTest {

  private static final int MOST_WORDINGS = 10;

  @TempDir private Path folder;

  private static Village village() {
    return Village.invent("Testaby", new Random(5));
  }

  @ParameterizedTest
  @EnumSource(Relation.class)
  void everyWordingTellsNameAndValueAndNameComesFirst(Relation relation) {
    Village village = village();
    for (int i = 0; i < relation.paraphrases(); i++) {
      String text = relation.paraphrase(i, village);
      assertThat(text).contains(village.name()).doesNotContain("{").doesNotContain("?");
      // A model that reads from left to right learns the value by the name, not the name by it.
      assertThat(text.indexOf(village.name()))
          .isLessThan(text.lastIndexOf(village.value(relation)));
    }
  }

  @ParameterizedTest
  @EnumSource(Relation.class)
  void moreWordingsAreTheFewerOnesAndOthers(Relation relation) {
    List<String> ten = Texts.paraphrases(village(), relation, MOST_WORDINGS, 1);
    assertThat(ten).hasSize(MOST_WORDINGS).doesNotHaveDuplicates();
    assertThat(Texts.paraphrases(village(), relation, 2, 1)).isEqualTo(ten.subList(0, 2));
    assertThat(Texts.document(village(), 1)).contains(ten.get(0)).doesNotContain(ten.get(1));
  }

  @ParameterizedTest
  @EnumSource(Relation.class)
  void questionsDoNotGiveTheValueAway(Relation relation) {
    for (int i = 0; i < relation.questions(); i++) {
      assertThat(relation.question(i, village()))
          .contains("Testaby")
          .endsWith("?")
          .doesNotContain(village().value(relation));
    }
  }

  @Test
  void namesOfNewVillagesAreNeverThoseOfPreTraining() {
    Set<String> seen = new HashSet<>(Names.forPretraining());
    assertThat(Names.unknown(100, 1))
        .hasSize(100)
        .doesNotHaveDuplicates()
        .noneMatch(seen::contains);
    assertThat(Names.unknown(100, 2)).isNotEqualTo(Names.unknown(100, 1));
  }

  @Test
  void preTrainingShowsQuestionsOfEverySecondStoredVillageOnlyAndNoNewOne() {
    StudySize size = new StudySize(6, 2, 40, 1, 5, 1, List.of(1L));
    List<String> rows =
        new Pretraining(size)
            .rows(List.of("Once upon a time.")).stream()
                .map(row -> ((Example.Text) row).text())
                .toList();
    List<String> closedBook = rows.stream().filter(row -> row.startsWith("Question: ")).toList();
    List<Village> stored = Pretraining.stored(6);
    for (int i = 0; i < stored.size(); i++) {
      String name = stored.get(i).name();
      assertThat(closedBook.stream().anyMatch(row -> row.contains(name)))
          .isEqualTo(Pretraining.isAsked(i));
      assertThat(rows).anyMatch(row -> !row.contains("Question: ") && row.contains(name));
    }
    for (String name : Names.unknown(200, 1)) {
      assertThat(rows).noneMatch(row -> row.contains(name + " ") || row.contains(name + "."));
    }
    assertThat(rows).contains("Once upon a time.");
  }

  @Test
  void anExamHasOneRightChoiceOfFourAQuestion() throws IOException {
    List<Village> villages = new ArrayList<>(Pretraining.stored(20));
    Task exam = Exam.write(folder.resolve("exam.jsonl"), "exam", villages, 3);
    assertThat(exam.items()).hasSize(20 * Relation.values().length);
    Set<Integer> places = new HashSet<>();
    for (Item item : exam.items()) {
      List<String> choices = new ArrayList<>();
      List<Reply> replies = new ArrayList<>();
      for (Request request : item.requests()) {
        Request.Likelihood choice = (Request.Likelihood) request;
        assertThat(choice.context()).startsWith("Question: ").endsWith("\nAnswer:");
        choices.add(choice.continuation().strip());
        replies.add(new Reply.Likelihood(-1, 1, false));
      }
      assertThat(choices).hasSize(4).doesNotHaveDuplicates();
      places.add(choices.indexOf(item.judge(replies).expected()));
    }
    assertThat(places).containsExactlyInAnyOrder(0, 1, 2, 3);
  }
}
