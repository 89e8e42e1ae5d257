package io.adapt4j.eval.task;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * Numbers by name, in sentences among others. The first sentence asked for is at the depth, the
 * others at random places, those asked for behind it.
 */
record HiddenNumbers(List<Needle> needles, int asked, long filler) implements LongText {

  private static final List<String> KINDS =
      List.of("amber", "crimson", "golden", "hollow", "ivory", "mossy", "silver", "velvet");
  private static final List<String> THINGS =
      List.of("compass", "falcon", "kettle", "lantern", "mirror", "orchid", "saddle", "violin");

  /** Number of a name; its place is a share of the text, if it is not the first that is asked. */
  record Needle(String name, String number, double place) {

    String sentence() {
      return "The secret number of the " + name + " is " + number + ".";
    }
  }

  /** Draws names, each with some numbers, of which the first names are asked for. */
  static HiddenNumbers of(SplittableRandom random, int names, int numbers, int asked) {
    Set<String> all = new LinkedHashSet<>();
    while (all.size() < names) {
      all.add(
          KINDS.get(random.nextInt(KINDS.size()))
              + " "
              + THINGS.get(random.nextInt(THINGS.size())));
    }
    Set<String> drawn = new LinkedHashSet<>();
    while (drawn.size() < names * numbers) {
      drawn.add(String.valueOf(random.nextInt(1_000_000, 10_000_000)));
    }
    List<String> left = new ArrayList<>(drawn);
    List<Needle> needles = new ArrayList<>();
    for (String name : all) {
      for (int i = 0; i < numbers; i++) {
        needles.add(new Needle(name, left.remove(left.size() - 1), random.nextDouble()));
      }
    }
    return new HiddenNumbers(needles, asked * numbers, random.nextLong());
  }

  @Override
  public String prompt(int units, double depth) {
    List<String> sentences = Filler.sentences(filler, units);
    List<List<String>> before = new ArrayList<>();
    for (int i = 0; i <= units; i++) {
      before.add(new ArrayList<>());
    }
    for (int i = 0; i < needles.size(); i++) {
      double share = needles.get(i).place();
      double place = i == 0 ? depth : i < asked ? depth + share * (1 - depth) : share;
      before.get(Filler.place(place, units)).add(needles.get(i).sentence());
    }
    List<String> text = new ArrayList<>();
    for (int i = 0; i <= units; i++) {
      text.addAll(before.get(i));
      text.addAll(sentences.subList(i, Math.min(i + 1, units)));
    }
    String names =
        needles.subList(0, asked).stream()
            .map(needle -> "the " + needle.name())
            .distinct()
            .collect(Collectors.joining(", "));
    String number = asked > 1 ? "secret numbers of " : "secret number of ";
    return "Secret numbers are hidden in the text below. Remember them.\n\n"
        + String.join(" ", text)
        + "\n\nQuestion: What "
        + (asked > 1 ? "are all the " : "is the ")
        + number
        + names
        + " in the text above?\nAnswer: The "
        + number
        + names
        + (asked > 1 ? " are" : " is");
  }

  @Override
  public List<String> answers() {
    return needles.subList(0, asked).stream().map(Needle::number).toList();
  }

  @Override
  public Set<String> candidates(String prompt) {
    return needles.stream().map(Needle::number).collect(Collectors.toSet());
  }
}
