package io.adapt4j.structured.internal.automaton;

import io.adapt4j.structured.internal.grammar.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Computes configurations by following states that read nothing. Not thread-safe.
 *
 * <p>A text can have many readings if a constraint is ambiguous, such as nested repetitions of
 * similar parts. Only some of them are followed then: the result is still a text of the constraint,
 * and can be completed, as every reading can. So work and memory are bounded, and no answer fails.
 */
final class Closure {

  /** Maximum number of readings: enough for thousands of properties that may come next. */
  private static final int MOST_READINGS = 10_000;

  /** Maximum number of places visited for the readings of a text. */
  private static final int MOST_PLACES = 40_000;

  /** Work for the tokens that follow a text beyond which a single reading is followed. */
  private static final long MOST_WORK = 400_000;

  /** Maximum number of values of a signature. */
  private static final int MOST_VALUES = 200_000;

  /** A place in the automaton. */
  record Place(int state, @Nullable Stack stack) {

    long key() {
      return key(state, stack);
    }

    static long key(int state, @Nullable Stack stack) {
      return ((long) state << 32) | (Stack.idOf(stack) & 0xFFFFFFFFL);
    }
  }

  private final Program program;
  private final Map<Stack.Key, Stack> stacks = new HashMap<>();
  private final Map<Configuration.Key, Configuration> configurations = new HashMap<>();

  /** Places to visit, the latest first. */
  private int[] openStates = new int[64];

  private @Nullable Stack[] openStacks = new @Nullable Stack[64];
  private int openCount;
  private final PlaceSet seen = new PlaceSet();

  /** Number of the next stack; those of a former closure keep theirs. */
  private int nextStack;

  private long cells;
  private long work;
  private boolean cut;

  Closure(Program program, int firstStack) {
    this.program = program;
    this.nextStack = firstStack;
  }

  /** Creates an empty closure. */
  Closure renewed() {
    return new Closure(program, nextStack);
  }

  /** Continues the work of another closure. */
  void goOn(Closure before) {
    work = before.work;
    cut = before.cut;
  }

  /** Returns the memory in use, in units of about 4 bytes. */
  long cells() {
    return cells;
  }

  /** Resets the count of work. */
  void beginWork() {
    work = 0;
    cut = false;
  }

  /** Returns whether readings were dropped since the work began. */
  boolean isCut() {
    return cut;
  }

  Configuration start() {
    return of(List.of(new Place(program.start(), null)));
  }

  /** The configuration after a byte of a class. */
  Configuration after(Configuration from, int number) {
    if (!from.live.get(number)) {
      return of(List.of());
    }
    int value = program.byteOf(number);
    boolean single = work > MOST_WORK;
    cut |= single;
    List<Place> places = new ArrayList<>();
    work += from.states.length;
    for (int i = 0; i < from.states.length && !(single && !places.isEmpty()); i++) {
      int target = target(from.states[i], value);
      if (target >= 0) {
        places.add(new Place(target, from.stacks[i]));
      }
    }
    return of(places);
  }

  private int target(int state, int value) {
    if (program.kind(state) == Program.Kind.STEP) {
      return program.stepByte(state) == value ? state - 1 : -1;
    }
    int count = program.count(state);
    for (int r = 0; r < count; r += 3) {
      if (value >= program.value(state, r) && value <= program.value(state, r + 1)) {
        return program.value(state, r + 2);
      }
    }
    return -1;
  }

  private Configuration of(List<Place> places) {
    openCount = 0;
    seen.clear();
    for (int i = places.size() - 1; i >= 0; i--) {
      open(places.get(i).state(), places.get(i).stack());
    }
    int most = work > MOST_WORK ? 1 : MOST_READINGS;
    List<Place> reading = new ArrayList<>();
    boolean mayEnd = false;
    while (openCount > 0 && reading.size() < most) {
      if (seen.size() > MOST_PLACES && (mayEnd || !reading.isEmpty())) {
        break;
      }
      int state = openStates[--openCount];
      Stack stack = openStacks[openCount];
      if (!seen.add(Place.key(state, stack))) {
        continue;
      }
      switch (program.kind(state)) {
        case BYTES, STEP -> reading.add(new Place(state, stack));
        case SPLIT -> {
          for (int i = program.count(state) - 1; i >= 0; i--) {
            open(program.value(state, i), stack);
          }
        }
        case CALL -> open(program.value(state, 0), push(program.value(state, 1), 0, stack));
        case LOOP -> iterate(state, 0, stack);
        case RETURN -> {
          if (stack == null) {
            mayEnd = true;
          } else if (program.kind(stack.state()) == Program.Kind.LOOP && stack.count() > 0) {
            iterate(stack.state(), stack.count(), stack.below());
          } else {
            open(stack.state(), stack.below());
          }
        }
      }
    }
    cut |= openCount > 0;
    work += 4 + 4L * seen.size();
    return interned(reading, mayEnd);
  }

  private void open(int state, @Nullable Stack stack) {
    if (openCount == openStates.length) {
      openStates = Arrays.copyOf(openStates, 2 * openCount);
      openStacks = Arrays.copyOf(openStacks, 2 * openCount);
    }
    openStates[openCount] = state;
    openStacks[openCount++] = stack;
  }

  /** Continues after a loop's body was read a number of times. */
  private void iterate(int loop, int count, @Nullable Stack stack) {
    int min = program.value(loop, 2);
    int max = program.value(loop, 3);
    if (count >= min) {
      open(program.value(loop, 1), stack);
    }
    if (count < max) {
      int next = max == Node.UNBOUNDED ? Math.min(count + 1, min + 1) : count + 1;
      open(program.value(loop, 0), push(loop, next, stack));
    }
  }

  private Stack push(int state, int count, @Nullable Stack below) {
    return stacks.computeIfAbsent(
        new Stack.Key(state, count, Stack.idOf(below)),
        key -> {
          cells += 24;
          return new Stack(nextStack++, state, count, below);
        });
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
            unknown -> {
              cells += 32 + program.classCount() + 4L * reading.size();
              return new Configuration(
                  reading.stream().mapToInt(Place::state).toArray(),
                  reading.stream().map(Place::stack).toArray(Stack[]::new),
                  mayEnd,
                  live(reading),
                  program.classCount());
            }));
  }

  /** Returns the classes of bytes that continue some reading. */
  private BitSet live(List<Place> reading) {
    BitSet live = new BitSet();
    for (Place place : reading) {
      int state = place.state();
      if (program.kind(state) == Program.Kind.STEP) {
        live.set(program.classOf(program.stepByte(state)));
        continue;
      }
      int count = program.count(state);
      for (int r = 0; r < count; r += 3) {
        live.set(
            program.classOf(program.value(state, r)),
            program.classOf(program.value(state, r + 1)) + 1);
      }
    }
    return live;
  }

  /**
   * Returns the readings that take a first byte of a kind of characters, without the part of the
   * stack that they share; null if there are none. What happens until they return to that part is
   * the same whatever it is.
   */
  @Nullable Configuration relative(Configuration from, RunKind kind) {
    List<Place> taking = new ArrayList<>();
    for (int i = 0; i < from.states.length; i++) {
      if (takes(from.states[i], kind)) {
        taking.add(new Place(from.states[i], from.stacks[i]));
      }
    }
    if (taking.isEmpty()) {
      return null;
    }
    Stack shared = taking.get(0).stack();
    for (Place place : taking) {
      shared = common(shared, place.stack());
    }
    List<Place> reading = new ArrayList<>();
    for (Place place : taking) {
      reading.add(new Place(place.state(), above(place.stack(), shared)));
    }
    return interned(reading, false);
  }

  private boolean takes(int state, RunKind kind) {
    if (program.kind(state) == Program.Kind.STEP) {
      return kind.begins(program.stepByte(state), program.stepByte(state));
    }
    int count = program.count(state);
    for (int r = 0; r < count; r += 3) {
      if (kind.begins(program.value(state, r), program.value(state, r + 1))) {
        return true;
      }
    }
    return false;
  }

  private static @Nullable Stack common(@Nullable Stack first, @Nullable Stack second) {
    Stack a = first;
    Stack b = second;
    int excess = depth(a) - depth(b);
    for (; a != null && excess > 0; excess--) {
      a = a.below();
    }
    for (; b != null && excess < 0; excess++) {
      b = b.below();
    }
    while (a != null && b != null && a.id() != b.id()) {
      a = a.below();
      b = b.below();
    }
    return a;
  }

  private static int depth(@Nullable Stack stack) {
    int depth = 0;
    for (Stack at = stack; at != null; at = at.below()) {
      depth++;
    }
    return depth;
  }

  private @Nullable Stack above(@Nullable Stack stack, @Nullable Stack bottom) {
    return stack == null || stack.id() == Stack.idOf(bottom)
        ? null
        : push(stack.state(), stack.count(), above(stack.below(), bottom));
  }

  /**
   * Returns a key that identifies a configuration for a limited number of next bytes: counts that
   * are far from their limits do not matter. Null if it is too long.
   */
  Configuration.@Nullable Key signature(Configuration configuration, int far) {
    int[] values = new int[64];
    int used = 0;
    for (int i = 0; i < configuration.states.length; i++) {
      values = roomFor(values, used);
      values[used++] = configuration.states[i];
      for (Stack stack = configuration.stacks[i]; stack != null; stack = stack.below()) {
        values = roomFor(values, used);
        values[used++] = stack.state();
        if (stack.count() > 0) {
          int min = program.value(stack.state(), 2);
          int max = program.value(stack.state(), 3);
          values[used++] = Math.min(far, Math.max(0, min - stack.count()));
          values[used++] = max == Node.UNBOUNDED ? far : Math.min(far, max - stack.count());
        }
        if (used > MOST_VALUES) {
          return null;
        }
      }
      values[used++] = -1;
    }
    values = roomFor(values, used);
    values[used++] = configuration.mayEnd ? 1 : 0;
    return new Configuration.Key(Arrays.copyOf(values, used));
  }

  private static int[] roomFor(int[] values, int used) {
    return used + 5 > values.length ? Arrays.copyOf(values, 2 * values.length) : values;
  }
}
