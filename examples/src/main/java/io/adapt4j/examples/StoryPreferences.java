package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Preferences of a reader who likes cheerful stories. The reader is simulated by a rule, so that
 * the example can measure how well the reward model learned it; the models see only the pairs.
 */
final class StoryPreferences {

  private static final List<String> CHEERFUL =
      List.of("happy", "smiled", "laughed", "fun", "play", "love", "loved", "friends");
  private static final int CHOICES = 6;

  private StoryPreferences() {}

  /** Returns the number of distinct cheerful words in a story. */
  static double cheer(String story) {
    List<String> said = Arrays.asList(story.toLowerCase(Locale.ROOT).split("[^a-z]+"));
    return CHEERFUL.stream().filter(said::contains).count();
  }

  /** Generates stories, one per prompt. */
  static List<String> stories(LanguageModel model, List<String> prompts, int tokens, long seed) {
    GenerationOptions options = GenerationOptions.builder().maxNewTokens(tokens).seed(seed).build();
    return model.generateAll(prompts, options).stream().map(Generation::text).toList();
  }

  static List<String> texts(Dataset prompts) {
    List<String> texts = new ArrayList<>();
    for (int row = 0; row < prompts.size(); row++) {
      texts.add(((Example.Text) prompts.get(row)).text());
    }
    return texts;
  }

  /** Generates each story several times and lets the reader choose the best and the worst. */
  static Split collect(ModelSource base, List<String> prompts, int tokens, Path file) {
    List<Example> pairs = new ArrayList<>();
    try (LanguageModel model = LanguageModel.load(base)) {
      for (int i = 0; i < prompts.size(); i++) {
        List<String> same = Collections.nCopies(CHOICES, prompts.get(i));
        pair(prompts.get(i), stories(model, same, tokens, i)).ifPresent(pairs::add);
      }
    }
    Datasets.write(Datasets.of(pairs), file);
    return Datasets.read(file).open().split(0.8, 0.2, 0, 1);
  }

  private static Optional<Example> pair(String prompt, List<String> stories) {
    Comparator<String> byCheer = Comparator.comparingDouble(StoryPreferences::cheer);
    String best = Collections.max(stories, byCheer);
    String worst = Collections.min(stories, byCheer);
    return cheer(best) > cheer(worst) && !worst.isEmpty()
        ? Optional.of(new Example.Preference(prompt, best, worst))
        : Optional.empty();
  }
}
