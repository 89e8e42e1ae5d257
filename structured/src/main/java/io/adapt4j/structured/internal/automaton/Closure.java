package io.adapt4j.structured.internal.automaton;

import io.adapt4j.structured.internal.grammar.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes configurations: goes on from states that read nothing. Not thread safe. */
final class Closure {

  private static final int MOST_PLACES = 10_000;

  /** A place in the automaton. */
  record Place(int state, @Nullable Stack stack) {

    long key() {
      return ((long) state << 32) | (Stack.idOf(stack) & 0xFFFFFFFFL);
    }
  }

  private final Program program;
  private final Map<Stack.Key, Stack> stacks = new HashMap<>();
  private final Map<Configuration.Key, Configuration> configurations = new HashMap<>();

  /** The number of the next stack: those of a former closure keep theirs. */
  private int nextStack;

  Closure(Program program, int firstStack) {
    this.program = program;
    this.nextStack = firstStack;
  }

  int nextStack() {
    return nextStack;
  }

  int size() {
    return configurations.size() + stacks.size();
  }

  Configuration start() {
    return of(List.of(new Place(program.start(), null)));
  }

  /** The configuration after a byte of a class. */
  Configuration after(Configuration from, int number) {
    int value = program.byteOf(number);
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < from.states.length; i++) {
      int[] ranges = program.data(from.states[i]);
      for (int r = 0; r < ranges.length; r += 3) {
        if (value >= ranges[r] && value <= ranges[r + 1]) {
          places.add(new Place(ranges[r + 2], from.stacks[i]));
        }
      }
    }
    return of(places);
  }

  private Configuration of(List<Place> places) {
    Deque<Place> open = new ArrayDeque<>(places);
    Set<Long> seen = new HashSet<>();
    List<Place> reading = new ArrayList<>();
    boolean mayEnd = false;
    while (!open.isEmpty()) {
      Place place = open.pop();
      if (!seen.add(place.key())) {
        continue;
      }
      if (seen.size() > MOST_PLACES) {
        throw new IllegalStateException(
            "The constraint is too ambiguous: a text so far has more than "
                + MOST_PLACES
                + " readings. Avoid nested repetitions of what looks alike.");
      }
      int state = place.state();
      Stack stack = place.stack();
      int[] data = program.data(state);
      switch (program.kind(state)) {
        case BYTES -> reading.add(place);
        case SPLIT -> {
          for (int target : data) {
            open.push(new Place(target, stack));
          }
        }
        case CALL -> open.push(new Place(data[0], push(data[1], 0, stack)));
        case LOOP -> iterate(state, 0, stack, open);
        case RETURN -> {
          if (stack == null) {
            mayEnd = true;
          } else if (program.kind(stack.state()) == Program.Kind.LOOP && stack.count() > 0) {
            iterate(stack.state(), stack.count(), stack.below(), open);
          } else {
            open.push(new Place(stack.state(), stack.below()));
          }
        }
      }
    }
    return interned(reading, mayEnd);
  }

  /** Goes on after a loop's body was read a number of times. */
  private void iterate(int loop, int count, @Nullable Stack stack, Deque<Place> open) {
    int[] data = program.data(loop);
    int min = data[2];
    int max = data[3];
    if (count < max) {
      int next = max == Node.UNBOUNDED ? Math.min(count + 1, min + 1) : count + 1;
      open.push(new Place(data[0], push(loop, next, stack)));
    }
    if (count >= min) {
      open.push(new Place(data[1], stack));
    }
  }

  private Stack push(int state, int count, @Nullable Stack below) {
    return stacks.computeIfAbsent(
        new Stack.Key(state, count, Stack.idOf(below)),
        key -> new Stack(nextStack++, state, count, below));
  }

  private Configuration interned(List<Place> reading, boolean mayEnd) {
    reading.sort((a, b) -> Long.compare(a.key(), b.key()));
    int[] key = new int[2 * reading.size() + 1];
    for (int i = 0; i < reading.size(); i++) {
      key[2 * i] = reading.get(i).state();
      key[2 * i + 1] = Stack.idOf(reading.get(i).stack());
    }
    key[2 * reading.size()] = mayEnd ? 1 : 0;
    return Objects.requireNonNull(
        configurations.computeIfAbsent(
            new Configuration.Key(key),
            unknown ->
                new Configuration(
                    reading.stream().mapToInt(Place::state).toArray(),
                    reading.stream().map(Place::stack).toArray(Stack[]::new),
                    mayEnd,
                    program.classCount())));
  }

  /**
   * What tells configurations apart for the next bytes: counts that are far from their limits do
   * not.
   *
   * @param configuration a configuration
   * @param far more bytes than are looked at
   */
  Configuration.Key signature(Configuration configuration, int far) {
    List<Integer> values = new ArrayList<>();
    for (int i = 0; i < configuration.states.length; i++) {
      values.add(configuration.states[i]);
      for (Stack stack = configuration.stacks[i]; stack != null; stack = stack.below()) {
        values.add(stack.state());
        if (stack.count() > 0) {
          int[] loop = program.data(stack.state());
          values.add(Math.min(far, Math.max(0, loop[2] - stack.count())));
          values.add(loop[3] == Node.UNBOUNDED ? far : Math.min(far, loop[3] - stack.count()));
        }
      }
      values.add(-1);
    }
    values.add(configuration.mayEnd ? 1 : 0);
    return new Configuration.Key(values.stream().mapToInt(Integer::intValue).toArray());
  }
}
