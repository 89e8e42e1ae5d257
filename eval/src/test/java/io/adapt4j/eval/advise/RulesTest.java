package io.adapt4j.eval.advise;

import static io.adapt4j.eval.advise.Strategy.FINE_TUNING;
import static io.adapt4j.eval.advise.Strategy.PROMPTING;
import static io.adapt4j.eval.advise.Strategy.RAG;
import static io.adapt4j.eval.advise.Strategy.RAG_AND_FINE_TUNING;
import static io.adapt4j.eval.advise.TuningMethod.FULL;
import static io.adapt4j.eval.advise.TuningMethod.LORA;
import static io.adapt4j.eval.advise.TuningMethod.PREFERENCE;
import static io.adapt4j.eval.advise.TuningMethod.QLORA;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.eval.advise.Requirements.Citations;
import io.adapt4j.eval.advise.Requirements.Need;
import io.adapt4j.eval.advise.Requirements.Privacy;
import io.adapt4j.eval.advise.Requirements.Updates;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Each rule: requirements that it fits, one beside it that it does not, and what it is for. */
class RulesTest {

  private static final Set<String> TESTED = new HashSet<>();
  private static final long GB = 1_000_000_000L;

  @AfterAll
  static void everyRuleWasTested() {
    assertThat(Advisor.standard().rules()).extracting(Rule::name).isSubsetOf(TESTED);
  }

  private static Requirements.Builder facts() {
    return Requirements.needing(Need.FACTS);
  }

  private static Requirements.Builder behavior() {
    return Requirements.needing(Need.BEHAVIOR);
  }

  private static Requirements.Builder factsAndBehavior() {
    return Requirements.needing(Need.FACTS, Need.BEHAVIOR);
  }

  private static Rule rule(
      String name, Requirements.Builder fitting, Requirements.Builder... others) {
    TESTED.add(name);
    Rule rule =
        Advisor.standard().rules().stream()
            .filter(other -> other.name().equals(name))
            .findFirst()
            .orElseThrow();
    assertThat(rule.fits(fitting.build())).as("fits").isTrue();
    assertThat(Arrays.stream(others).map(Requirements.Builder::build)).noneMatch(rule::fits);
    assertThat(rule.source().reference()).isNotBlank();
    assertThat(rule.source().finding()).isNotBlank();
    return rule;
  }

  private static int points(Rule rule, Strategy strategy) {
    return rule.strategies().getOrDefault(strategy, 0);
  }

  private static int points(Rule rule, TuningMethod method) {
    return rule.methods().getOrDefault(method, 0);
  }

  @Test
  void factsAreLookedUp() {
    Rule rule = rule("facts are looked up", facts(), behavior());
    assertThat(points(rule, RAG)).isGreaterThan(points(rule, RAG_AND_FINE_TUNING));
    assertThat(points(rule, FINE_TUNING)).isZero();
  }

  @Test
  void factsAloneAreAPoorReasonToTrain() {
    Rule rule = rule("facts alone are a poor reason to train", facts(), factsAndBehavior());
    assertThat(points(rule, FINE_TUNING)).isNegative();
  }

  @Test
  void factsWantManyWordings() {
    Rule rule = rule("facts want many paraphrases", facts(), behavior());
    assertThat(rule.strategies()).containsOnlyKeys(FINE_TUNING, RAG_AND_FINE_TUNING);
    assertThat(rule.strategies().values()).containsOnly(0);
  }

  @Test
  void behaviorIsTrained() {
    Rule rule = rule("behavior is trained", behavior(), facts());
    assertThat(points(rule, FINE_TUNING)).isPositive();
    assertThat(points(rule, RAG)).isZero();
  }

  @Test
  void aFormatIsQuicklyLearned() {
    Rule rule = rule("a format is quickly learned", Requirements.needing(Need.FORMAT), behavior());
    assertThat(points(rule, PROMPTING)).isPositive();
    assertThat(points(rule, FINE_TUNING)).isPositive();
  }

  @Test
  void factsAndBehaviorWantBoth() {
    Rule rule = rule("facts and behavior want both", factsAndBehavior(), facts(), behavior());
    assertThat(points(rule, RAG_AND_FINE_TUNING)).isPositive();
  }

  @Test
  void aModelCanLearnedoReadPassages() {
    Rule rule = rule("a model can learn to read passages", factsAndBehavior(), facts());
    assertThat(rule.strategies()).containsOnlyKeys(RAG_AND_FINE_TUNING);
  }

  @Test
  void withoutDocumentsNothingIsLookedUp() {
    rule("nothing to look up", facts(), facts().documentTokens(1));
    Advice advice = Advisor.standard().advise(facts().build());
    assertThat(advice.strategies())
        .filteredOn(option -> option.choice().retrieves())
        .allMatch(Advice.Option::isRuledOut);
  }

  @Test
  void documentsThatFitGoIntoThePrompt() {
    Rule rule =
        rule(
            "documents fit into the prompt",
            facts().documentTokens(5_000),
            facts(),
            facts().documentTokens(10_000),
            facts().model(1, 1_000_000).documentTokens(200_001));
    assertThat(points(rule, PROMPTING)).isPositive();
  }

  @Test
  void documentsThatDoNotFitAreNoMatterOfPrompts() {
    Rule rule =
        rule(
            "documents do not fit into the prompt",
            facts().documentTokens(10_000),
            facts(),
            facts().documentTokens(5_000));
    assertThat(points(rule, PROMPTING)).isNegative();
  }

  @Test
  void fewExamplesSpeakAgainstTraining() {
    Rule rule = rule("too few examples to train", behavior().examples(49), behavior().examples(50));
    assertThat(points(rule, FINE_TUNING)).isNegative();
  }

  @Test
  void fiftyExamplesAreEnoughToTry() {
    Rule rule = rule("examples enough to try", behavior().examples(50), behavior().examples(49));
    assertThat(points(rule, FINE_TUNING)).isPositive();
  }

  @Test
  void aThousandExamplesTeachAStyle() {
    Rule rule =
        rule("examples enough for a style", behavior().examples(1000), behavior().examples(999));
    assertThat(points(rule, FINE_TUNING)).isPositive();
  }

  @Test
  void factsThatChangeAreLookedUp() {
    Rule rule =
        rule(
            "facts change",
            facts().updates(Updates.MONTHLY),
            facts().updates(Updates.YEARLY),
            behavior().updates(Updates.MONTHLY));
    assertThat(points(rule, RAG)).isPositive();
    assertThat(points(rule, FINE_TUNING)).isNegative();
  }

  @Test
  void factsThatChangeDailyAreNotTrained() {
    Rule rule =
        rule(
            "facts change faster than training",
            facts().updates(Updates.DAILY),
            facts().updates(Updates.MONTHLY));
    assertThat(points(rule, FINE_TUNING)).isNegative();
  }

  @Test
  void citationsComeWithPassages() {
    Rule rule = rule("citations help", facts().citations(Citations.HELPFUL), facts());
    assertThat(points(rule, RAG)).isPositive();
  }

  @Test
  void requiredCitationsSpeakAgainstTrainingAlone() {
    Rule rule =
        rule(
            "citations are required",
            facts().citations(Citations.REQUIRED),
            facts().citations(Citations.HELPFUL));
    assertThat(points(rule, FINE_TUNING)).isNegative();
  }

  @Test
  void quickAnswersWantShortPrompts() {
    Rule rule =
        rule(
            "answers must be quick",
            facts().latency(Duration.ofMillis(499)),
            facts(),
            facts().latency(Duration.ofMillis(500)));
    assertThat(points(rule, PROMPTING)).isNegative();
    assertThat(points(rule, FINE_TUNING)).isPositive();
  }

  @Test
  void confidentialTextIsBetterNotTrainedOn() {
    Rule rule = rule("trained text can be got out", facts().privacy(Privacy.CONFIDENTIAL), facts());
    assertThat(points(rule, FINE_TUNING)).isNegative();
  }

  @Test
  void documentsForSomeReadersAreFilteredAtRetrieval() {
    Rule rule =
        rule(
            "readers may read different documents",
            facts().privacy(Privacy.BY_READER),
            facts().privacy(Privacy.CONFIDENTIAL));
    assertThat(points(rule, FINE_TUNING)).isLessThan(points(rule, RAG_AND_FINE_TUNING));
    assertThat(points(rule, RAG)).isZero();
  }

  @Test
  void withoutMemoryNothingIsTrained() {
    Rule rule = rule("no memory to train", behavior(), behavior().trainingBytes(8 * GB));
    assertThat(points(rule, FINE_TUNING)).isEqualTo(-10);
  }

  @Test
  void promptsComeFirst() {
    Rule rule = rule("prompts come first", facts(), facts().tried(PROMPTING, 0.5));
    assertThat(points(rule, PROMPTING)).isPositive();
  }

  @Test
  void whatReachedTheTargetDoes() {
    for (Strategy strategy : Strategy.values()) {
      Rule rule =
          rule(
              strategy.label() + " reached the target",
              facts().tried(strategy, 0.8).target(0.8),
              facts().tried(strategy, 0.79).target(0.8),
              facts().tried(strategy, 0.8));
      assertThat(points(rule, strategy)).isPositive();
    }
  }

  @Test
  void whatFellShortDoesNot() {
    for (Strategy strategy : Strategy.values()) {
      Rule rule =
          rule(
              strategy.label() + " fell short",
              facts().tried(strategy, 0.79).target(0.8),
              facts().tried(strategy, 0.8).target(0.8),
              facts().tried(strategy, 0.79));
      assertThat(points(rule, strategy)).isNegative();
    }
  }

  @Test
  void loraIsTheUsualChoice() {
    assertThat(points(rule("LoRA is the usual choice", facts()), LORA)).isPositive();
  }

  @Test
  void fourBitsAreForModelsThatDoNotFitOtherwise() {
    Rule rule =
        rule(
            "4 bits save memory",
            behavior().trainingBytes(8 * GB),
            behavior().trainingBytes(24 * GB),
            behavior().trainingBytes(GB));
    assertThat(points(rule, QLORA)).isPositive();
  }

  @Test
  void muchToLearnWantsAllWeights() {
    Rule rule =
        rule(
            "much to learn wants all weights",
            facts().trainingBytes(120 * GB),
            facts().trainingBytes(24 * GB),
            behavior().trainingBytes(120 * GB).examples(9_999));
    assertThat(rule.fits(behavior().trainingBytes(120 * GB).examples(10_000).build())).isTrue();
    assertThat(points(rule, FULL)).isGreaterThan(2);
  }

  @Test
  void adaptersForgetLess() {
    Rule rule = rule("adapters forget less", behavior().keepsAbilities(), behavior());
    assertThat(points(rule, LORA)).isPositive();
    assertThat(points(rule, FULL)).isZero();
  }

  @Test
  void pairsTeachTaste() {
    Rule rule =
        rule(
            "pairs teach what is a matter of taste",
            behavior().preferencePairs(1),
            behavior(),
            facts().preferencePairs(1));
    assertThat(points(rule, PREFERENCE)).isPositive();
  }

  @Test
  void examplesComeBeforePairs() {
    Rule rule =
        rule(
            "examples before pairs",
            behavior().preferencePairs(1).examples(50),
            behavior().preferencePairs(1));
    assertThat(rule.methods()).containsOnlyKeys(PREFERENCE);
  }

  @Test
  void withoutPairsThereIsNoPreference() {
    Rule rule = rule("no pairs", behavior(), behavior().preferencePairs(1));
    assertThat(points(rule, PREFERENCE)).isEqualTo(-10);
  }

  @Test
  void whatDoesNotFitIsRuledOut() {
    for (TuningMethod method : TuningMethod.values()) {
      long needed = (long) Math.ceil(method.bytes(7_000_000_000L));
      Rule rule =
          rule(
              method.label() + " does not fit",
              facts().trainingBytes(needed - GB),
              facts().trainingBytes(needed));
      assertThat(points(rule, method)).isEqualTo(-10);
    }
  }
}
