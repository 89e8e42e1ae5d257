package io.adapt4j.eval.advise;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.eval.advise.Requirements.Citations;
import io.adapt4j.eval.advise.Requirements.Need;
import io.adapt4j.eval.advise.Requirements.Privacy;
import io.adapt4j.eval.advise.Requirements.Updates;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class AdvisorTest {

  private static final Advisor ADVISOR = Advisor.standard();
  private static final long GB = 1_000_000_000L;

  @Property
  void moreNeedOfCitationsNeverLowersRag(
      @ForAll("situations") Requirements some,
      @ForAll Citations citations,
      @ForAll Citations other) {
    Citations less = citations.compareTo(other) < 0 ? citations : other;
    Citations more = citations.compareTo(other) < 0 ? other : citations;
    assertThat(rank(with(some, more), Strategy.RAG))
        .isLessThanOrEqualTo(rank(with(some, less), Strategy.RAG));
  }

  @Property
  void factsThatChangeMoreOftenNeverLowerRag(
      @ForAll("situations") Requirements some, @ForAll Updates updates, @ForAll Updates other) {
    Updates less = updates.compareTo(other) < 0 ? updates : other;
    Updates more = updates.compareTo(other) < 0 ? other : updates;
    assertThat(rank(with(some, more), Strategy.RAG))
        .isLessThanOrEqualTo(rank(with(some, less), Strategy.RAG));
  }

  @Property
  void moreExamplesNeverLowerFineTuning(
      @ForAll("situations") Requirements some, @ForAll("examples") int more) {
    assertThat(rank(withExamples(some, some.examples() + more), Strategy.FINE_TUNING))
        .isLessThanOrEqualTo(rank(some, Strategy.FINE_TUNING));
  }

  @Property
  void moreMemoryNeverLowersFineTuning(
      @ForAll("situations") Requirements some, @ForAll("memory") long more) {
    assertThat(rank(withMemory(some, some.trainingBytes() + more), Strategy.FINE_TUNING))
        .isLessThanOrEqualTo(rank(some, Strategy.FINE_TUNING));
  }

  @Property
  void everyApproachIsRankedOnceWithReasonsThatAddUp(@ForAll("situations") Requirements some) {
    Advice advice = ADVISOR.advise(some);
    assertThat(advice.strategies())
        .extracting(Advice.Option::choice)
        .containsExactlyInAnyOrder(Strategy.values());
    assertThat(advice.methods())
        .extracting(Advice.Option::choice)
        .containsExactlyInAnyOrder(TuningMethod.values());
    assertThat(advice.strategies())
        .allSatisfy(
            option ->
                assertThat(option.points())
                    .isEqualTo(option.reasons().stream().mapToInt(Advice.Reason::points).sum()));
    assertThat(advice.strategies())
        .filteredOn(option -> !option.isRuledOut())
        .isSortedAccordingTo((a, b) -> Integer.compare(b.points(), a.points()));
  }

  @Property
  void whatIsRuledOutComesLast(@ForAll("situations") Requirements some) {
    assertThat(ADVISOR.advise(some).strategies())
        .extracting(Advice.Option::isRuledOut)
        .isSortedAccordingTo(Boolean::compare);
  }

  @Property
  void theMethodAdvisedFitsIntoMemoryWhereAnyDoes(@ForAll("situations") Requirements some) {
    Advice advice = ADVISOR.advise(some);
    if (advice.best().trains()) {
      assertThat(some.fits(advice.method())).isTrue();
    }
  }

  private static int rank(Requirements requirements, Strategy strategy) {
    return ADVISOR.advise(requirements).rank(strategy);
  }

  @Test
  void newsWantsRetrieval() {
    Advice advice =
        ADVISOR.advise(
            Requirements.needing(Need.FACTS)
                .updates(Updates.DAILY)
                .documentTokens(50_000_000)
                .citations(Citations.REQUIRED)
                .examples(2_000)
                .trainingBytes(200 * GB)
                .tried(Strategy.PROMPTING, 0.4)
                .target(0.8)
                .build());
    assertThat(advice.best()).isEqualTo(Strategy.RAG);
  }

  @Test
  void aHouseStyleWantsAdapters() {
    Advice advice =
        ADVISOR.advise(
            Requirements.needing(Need.BEHAVIOR)
                .examples(3_000)
                .trainingBytes(24 * GB)
                .keepsAbilities()
                .tried(Strategy.PROMPTING, 0.6)
                .target(0.8)
                .build());
    assertThat(advice.best()).isEqualTo(Strategy.FINE_TUNING);
    assertThat(advice.method()).isEqualTo(TuningMethod.LORA);
  }

  @Test
  void aHouseStyleOnASmallCardWantsFourBits() {
    Advice advice =
        ADVISOR.advise(
            Requirements.needing(Need.BEHAVIOR)
                .examples(3_000)
                .trainingBytes(8 * GB)
                .tried(Strategy.PROMPTING, 0.6)
                .target(0.8)
                .build());
    assertThat(advice.method()).isEqualTo(TuningMethod.QLORA);
  }

  @Test
  void anExpertsVoiceOnChangingFactsWantsBoth() {
    Advice advice =
        ADVISOR.advise(
            Requirements.needing(Need.FACTS, Need.BEHAVIOR)
                .updates(Updates.MONTHLY)
                .documentTokens(5_000_000)
                .examples(2_000)
                .trainingBytes(24 * GB)
                .tried(Strategy.PROMPTING, 0.5)
                .target(0.8)
                .build());
    assertThat(advice.best()).isEqualTo(Strategy.RAG_AND_FINE_TUNING);
  }

  @Test
  void nothingTriedMeansPromptsFirst() {
    assertThat(ADVISOR.advise(Requirements.needing(Need.FORMAT).build()).best())
        .isEqualTo(Strategy.PROMPTING);
  }

  @Test
  void whatIsGoodEnoughIsKept() {
    Advice advice =
        ADVISOR.advise(
            Requirements.needing(Need.FACTS)
                .documentTokens(1_000_000)
                .tried(Strategy.PROMPTING, 0.9)
                .target(0.8)
                .build());
    assertThat(advice.best()).isEqualTo(Strategy.PROMPTING);
  }

  @Test
  void theTextRecommendsAndGivesReasonsWithTheirSources() {
    String text =
        ADVISOR
            .advise(
                Requirements.needing(Need.FACTS)
                    .updates(Updates.DAILY)
                    .documentTokens(1_000_000)
                    .tried(Strategy.PROMPTING, 0.4)
                    .target(0.8)
                    .build())
            .text();
    assertThat(text)
        .startsWith("Recommended: RAG.\n")
        .contains(
            """
            1. RAG (+7)
               + the model lacks facts, and looking them up beats training on them [1]
            """)
        .contains("Fine-tuning (ruled out)")
        .contains(
            "\n[1] Ovadia et al. 2024, Fine-Tuning or Retrieval? (EMNLP), abstract: RAG beats");
    assertThat(text).doesNotContain("If you train");
  }

  @Test
  void aRuleOfOnesOwnCounts() {
    Rule rule =
        Rule.when("our lawyers", requirements -> true)
            .points(Strategy.RAG, -20)
            .because("the contract forbids an index", "Our contract", "no index");
    Requirements news =
        Requirements.needing(Need.FACTS).documentTokens(1_000_000).updates(Updates.DAILY).build();
    assertThat(ADVISOR.with(rule).advise(news).rank(Strategy.RAG)).isGreaterThan(1);
    assertThat(ADVISOR.with(rule).without("our lawyers").advise(news))
        .isEqualTo(ADVISOR.advise(news));
    refuses(IllegalArgumentException.class, () -> ADVISOR.with(rule).with(rule), "our lawyers");
    refuses(IllegalArgumentException.class, () -> ADVISOR.without("our lawyers"), "facts change");
  }

  @Test
  void aWrongSituationIsRefusedWithItsFieldAndValue() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Requirements.needing(Need.FACTS).examples(-1).build())
        .withMessage("examples: expected 0 or more, found -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Requirements.needing(Need.FACTS).model(0, 10).build())
        .withMessageContaining("parameters");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Requirements.needing(Need.FACTS).tried(Strategy.RAG, Double.NaN).build())
        .withMessageContaining("RAG")
        .withMessageContaining("NaN");
  }

  @Provide
  Arbitrary<Integer> examples() {
    return Arbitraries.integers().between(0, 5000);
  }

  @Provide
  Arbitrary<Long> memory() {
    return Arbitraries.longs().between(0, 200).map(gigabytes -> gigabytes * GB);
  }

  @Provide
  Arbitrary<Requirements> situations() {
    Arbitrary<Set<Need>> needs = Arbitraries.of(Need.class).set().ofMinSize(1);
    Arbitrary<Long> documents = Arbitraries.of(0L, 1_000L, 100_000L, 10_000_000L);
    Arbitrary<Integer> pairs = Arbitraries.of(0, 10, 10_000);
    Arbitrary<Map<Strategy, Double>> tried =
        Arbitraries.maps(Arbitraries.of(Strategy.class), Arbitraries.doubles().between(0, 1));
    Arbitrary<OptionalDouble> target =
        Arbitraries.of(OptionalDouble.empty(), OptionalDouble.of(0.5));
    Arbitrary<Optional<Duration>> latency =
        Arbitraries.of(Optional.empty(), Optional.of(Duration.ofMillis(100)));
    return Combinators.combine(
            Combinators.combine(needs, documents, examples(), pairs).as(Material::new),
            memory(),
            Arbitraries.of(Updates.class),
            Arbitraries.of(Citations.class),
            Arbitraries.of(Privacy.class),
            tried,
            target,
            latency)
        .as(
            (material, memory, updates, citations, privacy, scores, goal, limit) ->
                new Requirements(
                    material.needs(),
                    updates,
                    material.documents(),
                    material.examples(),
                    material.pairs(),
                    7_000_000_000L,
                    memory,
                    8192,
                    limit,
                    citations,
                    privacy,
                    material.pairs() == 10,
                    scores,
                    goal));
  }

  private record Material(Set<Need> needs, long documents, int examples, int pairs) {}

  private static Requirements with(Requirements some, Citations citations) {
    return copy(some, some.updates(), some.examples(), some.trainingBytes(), citations);
  }

  private static Requirements with(Requirements some, Updates updates) {
    return copy(some, updates, some.examples(), some.trainingBytes(), some.citations());
  }

  private static Requirements withExamples(Requirements some, int examples) {
    return copy(some, some.updates(), examples, some.trainingBytes(), some.citations());
  }

  private static Requirements withMemory(Requirements some, long bytes) {
    return copy(some, some.updates(), some.examples(), bytes, some.citations());
  }

  private static Requirements copy(
      Requirements some, Updates updates, int examples, long bytes, Citations citations) {
    return new Requirements(
        some.needs(),
        updates,
        some.documentTokens(),
        examples,
        some.preferencePairs(),
        some.parameters(),
        bytes,
        some.contextTokens(),
        some.latency(),
        citations,
        some.privacy(),
        some.keepsAbilities(),
        some.tried(),
        some.target());
  }
}
