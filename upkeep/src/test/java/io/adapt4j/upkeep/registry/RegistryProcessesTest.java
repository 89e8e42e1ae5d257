package io.adapt4j.upkeep.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.Child;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processes at one registry. */
class RegistryProcessesTest {

  private static final int EACH = 10;
  private static final int ROUNDS = 200;

  @TempDir Path temp;

  /** Adds and promotes versions. */
  static final class Adding {

    private Adding() {}

    public static void main(String[] arguments) throws Exception {
      Registry registry = Registry.open(Path.of(arguments[0]));
      Path runs = Path.of(arguments[1]);
      System.out.println("ready");
      System.in.read();
      for (int i = 0; i < EACH; i++) {
        Path run = Samples.adapter(runs.resolve("run" + i), arguments[2] + i);
        ModelVersion version = registry.add(NewVersion.of("m", run));
        registry.promote(version, Change.by(arguments[2], "").allowingNoExam());
      }
      System.out.println("done");
    }
  }

  /** Promotes versions over the one that it has seen in production, and says how often. */
  static final class Racing {

    private Racing() {}

    public static void main(String[] arguments) throws Exception {
      Registry registry = Registry.open(Path.of(arguments[0]));
      List<ModelVersion> own =
          registry.versions("m").stream()
              .filter(version -> version.note().equals(arguments[1]))
              .toList();
      System.out.println("ready");
      System.in.read();
      int won = 0;
      for (int i = 0; i < ROUNDS; i++) {
        ModelVersion seen = registry.resolve("m@production");
        Change change = Change.by(arguments[1], seen.reference()).allowingNoExam();
        ModelVersion next = own.get(i % own.size());
        won += registry.promote(next, Registry.PRODUCTION, Optional.of(seen), change) ? 1 : 0;
      }
      System.out.println(won);
    }
  }

  @Test
  void aPromotionReplacesOnlyTheVersionThatWasSeen() throws Exception {
    Path folder = temp.resolve("registry");
    Registry registry = Registry.open(folder);
    for (int i = 0; i < 6; i++) {
      Path run = Samples.adapter(temp.resolve("run" + i), "weights " + i);
      registry.add(NewVersion.of("m", run).note(i % 2 == 0 ? "a" : "b"));
    }
    registry.promote(registry.resolve("m@1"), Samples.ANNA.allowingNoExam());
    try (Child one = new Child(Racing.class, folder, "a");
        Child two = new Child(Racing.class, folder, "b")) {
      assertThat(one.line()).isEqualTo("ready");
      assertThat(two.line()).isEqualTo("ready");
      one.go();
      two.go();
      int won = Integer.parseInt(one.line()) + Integer.parseInt(two.line());
      List<HistoryEntry> history = registry.history("m");
      assertThat(history.size()).isBetween(2, 1 + won);
      assertThat(history.subList(1, history.size()))
          .allSatisfy(
              entry ->
                  assertThat("m@" + entry.from().getAsInt())
                      .as("who expected another version lost the race")
                      .isEqualTo(entry.reason()));
    }
  }

  private static String line(Child child) {
    try {
      return child.line();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void eachVersionHasANumberAndOneIsInProduction() throws Exception {
    Path folder = temp.resolve("registry");
    Registry registry = Registry.open(folder);
    try (Child one = new Child(Adding.class, folder, temp.resolve("a"), "a");
        Child two = new Child(Adding.class, folder, temp.resolve("b"), "b")) {
      assertThat(one.line()).isEqualTo("ready");
      assertThat(two.line()).isEqualTo("ready");
      one.go();
      two.go();
      CompletableFuture<String> first = CompletableFuture.supplyAsync(() -> line(one));
      CompletableFuture<String> second = CompletableFuture.supplyAsync(() -> line(two));
      while (!first.isDone() || !second.isDone()) {
        // Whatever the two are about, what is read is whole.
        assertThat(registry.verify()).isEmpty();
        if (!registry.history("m").isEmpty()) {
          assertThat(registry.resolve("m@production").bytes()).isPositive();
        }
      }
      assertThat(first.get()).isEqualTo("done");
      assertThat(second.get()).isEqualTo("done");
    }
    List<Integer> numbers =
        registry.versions("m").stream().map(ModelVersion::number).sorted().toList();
    assertThat(numbers).isEqualTo(IntStream.rangeClosed(1, 2 * EACH).boxed().toList());
    assertThat(registry.history("m")).filteredOn(entry -> entry.who().equals("a")).hasSize(EACH);
  }

  @Test
  void aKilledProcessLeavesTheRegistryWhole() throws Exception {
    Path folder = temp.resolve("registry");
    Registry registry = Registry.open(folder);
    for (int kill = 0; kill < 3; kill++) {
      try (Child child = new Child(Adding.class, folder, temp.resolve("k" + kill), "k" + kill)) {
        assertThat(child.line()).isEqualTo("ready");
        child.go();
        Thread.sleep(30L * kill);
        child.kill();
      }
      assertThat(registry.verify()).isEmpty();
      Path run = Samples.adapter(temp.resolve("after" + kill), "after" + kill);
      ModelVersion version = registry.add(NewVersion.of("m", run));
      registry.promote(version, Samples.ANNA.allowingNoExam());
      assertThat(registry.resolve("m@production")).isEqualTo(version);
    }
  }
}
