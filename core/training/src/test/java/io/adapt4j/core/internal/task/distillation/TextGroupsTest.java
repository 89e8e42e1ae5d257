package io.adapt4j.core.internal.task.distillation;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.task.distillation.TextGroups.Group;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Groups of two tokenizations cover both and the same text. */
class TextGroupsTest {

  @Test
  void groupsEndWhereBothTokenizationsHaveABoundary() {
    // hello| world|! and hel|lo| wor|ld!
    assertThat(TextGroups.of(new int[] {5, 11, 12}, new int[] {3, 5, 9, 12}, 12))
        .containsExactly(new Group(0, 1, 0, 2), new Group(1, 3, 2, 4));
  }

  @Test
  void tokensWithoutTextBelongToTheNextGroupOrTheLast() {
    assertThat(TextGroups.of(new int[] {0, 3, 3, 5, 5}, new int[] {3, 5}, 5))
        .containsExactly(new Group(0, 2, 0, 1), new Group(2, 5, 1, 2));
  }

  @Test
  void groupsEndBeforeTheTextsDiffer() {
    assertThat(TextGroups.of(new int[] {2, 4, 6}, new int[] {2, 4, 6}, 5))
        .containsExactly(new Group(0, 1, 0, 1), new Group(1, 2, 1, 2));
    assertThat(TextGroups.of(new int[] {2, 4}, new int[] {}, 0)).isEmpty();
  }

  @Property(tries = 300)
  void groupsCoverAllTokensOfBothInOrderAndTheSameBytes(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 40) int length) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] student = ends(random, length);
    int[] teacher = ends(random, length);
    List<Group> groups = TextGroups.of(student, teacher, length);
    int own = 0;
    int theirs = 0;
    for (Group group : groups) {
      assertThat(group.studentFrom()).isEqualTo(own);
      assertThat(group.teacherFrom()).isEqualTo(theirs);
      own = group.studentTo();
      theirs = group.teacherTo();
      assertThat(student[own - 1]).isEqualTo(teacher[theirs - 1]);
    }
    assertThat(own).isEqualTo(student.length);
    assertThat(theirs).isEqualTo(teacher.length);
    long shared =
        Arrays.stream(student)
            .distinct()
            .filter(end -> end > 0 && Arrays.stream(teacher).anyMatch(other -> other == end))
            .count();
    assertThat((long) groups.size()).isGreaterThanOrEqualTo(shared);
  }

  private static int[] ends(SplittableRandom random, int length) {
    int[] inner = random.ints(random.nextInt(2 * length), 0, length + 1).sorted().toArray();
    int[] ends = Arrays.copyOf(inner, inner.length + 1);
    ends[inner.length] = length;
    return ends;
  }
}
