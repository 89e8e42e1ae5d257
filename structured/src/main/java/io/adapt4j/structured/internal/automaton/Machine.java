package io.adapt4j.structured.internal.automaton;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.structured.internal.grammar.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An automaton over one vocabulary. Configurations are created when a text first reaches them, each
 * with a table of transitions by byte, so that a walk through the vocabulary costs a look-up per
 * byte; the tokens that may follow are cached for each. It does not hold its vocabulary, so that it
 * can be cached as long as that is in use. Thread-safe.
 */
public final class Machine {

  /** Memory of configurations and stacks, in units of 4 bytes, beyond which all are dropped. */
  private static final long MOST_CELLS = 8 << 20;

  /** Number of readings of a text beyond which runs of characters are not looked for. */
  private static final int MOST_RUN_READINGS = 64;

  /** Size of masks in bytes beyond which all are dropped. */
  private static final long MOST_MASK_BYTES = 64L << 20;

  private final Program program;
  private final byte[] classes;
  private final VocabularyIndex index;
  private final VocabularyIndex firstIndex;
  private final int vocabularySize;

  /** Guarded by this object, as are the masks. */
  private Closure closure;

  private final Map<Configuration.Key, TokenMask> masks = new HashMap<>();

  /** Configurations of which it is known whether they lead to one. */
  private final Map<RunKind, Map<Configuration, Boolean>> leading = new EnumMap<>(RunKind.class);

  private final Map<RunKind, int[][]> moves = new EnumMap<>(RunKind.class);
  private Configuration start;

  /** Receives the memory in use, in bytes. */
  private final LongAdder known;

  private long reported;

  private final long mostCells;
  private final long mostMaskBytes;
  private long maskCount;

  /** The tokens that may follow at the start of a text; computed lazily. */
  private @Nullable TokenMask firstMask;

  private Machine(
      Program program, TokenBytes vocabulary, LongAdder known, long mostCells, long mostMaskBytes) {
    this.program = program;
    this.known = known;
    this.mostCells = mostCells;
    this.mostMaskBytes = mostMaskBytes;
    this.classes = program.classes();
    this.vocabularySize = vocabulary.size();
    this.index = VocabularyIndex.of(vocabulary);
    this.firstIndex = VocabularyIndex.of(vocabulary.atBeginning());
    this.closure = new Closure(program, 0);
    this.start = closure.start();
  }

  /** An automaton that is not yet bound to a vocabulary. */
  public static final class Automaton {
    private final Program program;
    private final LongAdder known = new LongAdder();

    private Automaton(Program program) {
      this.program = program;
    }

    /** Binds it to a vocabulary, given as the bytes of its tokens. */
    public Machine over(TokenBytes vocabulary) {
      return over(vocabulary, MOST_CELLS, MOST_MASK_BYTES);
    }

    /** Binds it to a vocabulary, with other memory limits. */
    Machine over(TokenBytes vocabulary, long mostCells, long mostMaskBytes) {
      return new Machine(program, vocabulary, known, mostCells, mostMaskBytes);
    }

    /** {@return the approximate memory in bytes, including vocabulary data} */
    public long bytes() {
      return program.bytes() + known.sum();
    }
  }

  /** Builds an automaton. */
  public static Automaton compile(Node root) {
    return new Automaton(ProgramBuilder.build(root));
  }

  /** Starts an answer. */
  public ConstraintState begin(TokenBytes vocabulary, boolean atBeginning) {
    return new AnswerState(this, vocabulary, start(), atBeginning && index != firstIndex);
  }

  private synchronized Configuration start() {
    return start;
  }

  /** Returns the configuration after a byte, which is dead if the byte may not follow. */
  Configuration after(Configuration configuration, int value) {
    int number = program.classOf(value);
    Configuration known = configuration.next[number];
    return known != null ? known : make(configuration, number);
  }

  private synchronized Configuration make(Configuration configuration, int number) {
    if (closure.cells() > mostCells) {
      forget();
    }
    Configuration made = closure.after(configuration, number);
    configuration.next[number] = made;
    return made;
  }

  /** Drops cached configurations; answers keep the ones that they have reached. */
  private void forget() {
    Closure before = closure;
    closure = before.renewed();
    start = closure.start();
    closure.goOn(before);
    masks.clear();
    leading.clear();
    maskCount = 0;
    firstMask = null;
    report();
  }

  private long maskBytes() {
    return maskCount * (vocabularySize / 8L + 64);
  }

  /** Reports the memory in use. */
  private void report() {
    long bytes = 4 * closure.cells() + maskBytes();
    known.add(bytes - reported);
    reported = bytes;
  }

  /** Returns the configuration after the bytes of a token. */
  Configuration after(Configuration configuration, int token, TokenBytes bytes) {
    Configuration reached = configuration;
    beginWork();
    for (int i = 0; i < bytes.length(token) && !reached.isDead(); i++) {
      reached = after(reached, bytes.at(token, i));
    }
    return reached;
  }

  private synchronized void beginWork() {
    closure.beginWork();
  }

  /** The tokens that may follow. */
  TokenMask mask(Configuration configuration, boolean first) {
    if (first) {
      return findFirst(configuration);
    }
    TokenMask known = configuration.mask;
    return known != null ? known : keep(configuration);
  }

  /** The first tokens of an answer that starts a text. */
  private synchronized TokenMask findFirst(Configuration configuration) {
    TokenMask known = configuration == start ? firstMask : null;
    if (known == null) {
      known = find(configuration, firstIndex);
      firstMask = configuration == start ? known : firstMask;
    }
    return known;
  }

  private synchronized TokenMask keep(Configuration configuration) {
    Configuration.Key signature = closure.signature(configuration, index.trie().deepest + 2);
    TokenMask mask = signature == null ? null : masks.get(signature);
    if (mask == null) {
      mask = find(configuration, index);
      if (maskBytes() > mostMaskBytes) {
        forget();
      }
      maskCount++;
      if (signature != null && !closure.isCut()) {
        masks.put(signature, mask);
      }
      report();
    }
    configuration.mask = mask;
    return mask;
  }

  private synchronized TokenMask find(Configuration configuration, VocabularyIndex of) {
    TokenTrie tokens = of.trie();
    closure.beginWork();
    int forced = forced(configuration, tokens);
    if (forced >= 0) {
      return TokenMask.of(forced);
    }
    BitSet allowed = new BitSet();
    if (configuration.states.length <= MOST_RUN_READINGS) {
      for (RunKind kind : RunKind.values()) {
        if (addByRuns(configuration, kind, of.runs(kind), allowed) && !closure.isCut()) {
          return TokenMask.of(allowed);
        }
        allowed.clear();
      }
      for (RunKind kind : RunKind.values()) {
        if (addAroundOne(configuration, kind, of, allowed) && !closure.isCut()) {
          return TokenMask.of(allowed);
        }
        allowed.clear();
      }
    }
    walk(configuration, tokens, 0, tokens.size(), allowed);
    return TokenMask.of(allowed);
  }

  /**
   * Collects the tokens that may follow by the characters of a kind that they begin with, as long
   * as it does not matter which ones those are; returns whether those are all.
   */
  private boolean addByRuns(
      Configuration configuration, RunKind kind, TokenRuns runs, BitSet allowed) {
    Configuration at = configuration;
    for (int characters = 0; ; characters++) {
      Configuration relative = closure.relative(at, kind);
      if (relative == null ? characters == 0 : !leadsToOne(relative, kind)) {
        return false;
      }
      TokenTrie rests = runs.rests(characters);
      walk(at, rests, 0, rests.size(), allowed);
      if (relative == null || characters == runs.most()) {
        return true;
      }
      Configuration next = after(at, RunKind.SAMPLES[0]);
      if (next == at) {
        allowed.or(runs.wholeFrom(characters + 1));
        TokenTrie others = runs.restsFrom(characters + 1);
        walk(at, others, 0, others.size(), allowed);
        return true;
      }
      allowed.or(runs.whole(characters + 1));
      at = next;
    }
  }

  /**
   * Collects the tokens that may follow where most characters of a kind lead to a configuration in
   * which all of them stay, such as in names other than those of some properties: only tokens that
   * do not lead to it are walked through. Returns whether there is such a configuration.
   */
  private boolean addAroundOne(
      Configuration configuration, RunKind kind, VocabularyIndex tokens, BitSet allowed) {
    Configuration one = null;
    for (int sample : RunKind.SAMPLES) {
      Configuration reached = after(after(configuration, sample), sample);
      if (one == null && after(reached, sample) == reached) {
        Configuration relative = closure.relative(reached, kind);
        one = relative != null && leadsToOne(relative, kind) ? reached : null;
      }
    }
    if (one == null) {
      return false;
    }
    allowed.or(tokens.runs(kind).wholeFrom(1));
    TokenTrie rests = tokens.runs(kind).restsFrom(1);
    walk(one, rests, 0, rests.size(), allowed);
    correctAround(configuration, one, kind, tokens.trie(), allowed);
    return true;
  }

  /** Corrects the tokens that do not lead to a configuration by characters of a kind. */
  private void correctAround(
      Configuration from, Configuration one, RunKind kind, TokenTrie tokens, BitSet allowed) {
    Configuration[] path = new Configuration[tokens.deepest + 1];
    int[] states = new int[tokens.deepest + 1];
    path[0] = from;
    int node = 0;
    while (node < tokens.size()) {
      int level = tokens.depth[node];
      states[level] = kind.after(states[level - 1], tokens.value[node] & 0xFF);
      Configuration reached = after(path[level - 1], tokens.value[node] & 0xFF);
      path[level] = reached;
      boolean isOver = reached.isDead() || (reached == one && states[level] == PlainText.BETWEEN);
      int end = isOver ? tokens.end[node] : node + 1;
      for (; node < end && !(isOver && reached == one); node++) {
        for (int id = tokens.token[node]; id >= 0; id = tokens.same[id]) {
          allowed.set(id, !reached.isDead());
        }
      }
      node = end;
    }
  }

  /** Returns whether every character of a kind may follow and leads to the same configuration. */
  private boolean leadsToOne(Configuration from, RunKind kind) {
    Map<Configuration, Boolean> ofKind = leading.computeIfAbsent(kind, key -> new HashMap<>());
    Boolean known = ofKind.get(from);
    if (known == null) {
      known = findWhetherOne(from, kind);
      if (!closure.isCut()) {
        ofKind.put(from, known);
      }
    }
    return known;
  }

  private boolean findWhetherOne(Configuration from, RunKind kind) {
    int[][] moves = moves(kind);
    List<Set<Configuration>> reached = new ArrayList<>();
    for (int state = 0; state < kind.states(); state++) {
      reached.add(new HashSet<>());
    }
    Configuration one = null;
    Deque<Configuration> open = new ArrayDeque<>(List.of(from));
    Deque<Integer> states = new ArrayDeque<>(List.of(PlainText.BETWEEN));
    while (!open.isEmpty()) {
      Configuration at = open.pop();
      for (int move : moves[states.pop()]) {
        Configuration to = at.next[move & 0xFF];
        to = to == null ? make(at, move & 0xFF) : to;
        int state = move >> 8;
        if (to.isDead()) {
          return false;
        }
        if (state == PlainText.BETWEEN) {
          if (one != null && one != to) {
            return false;
          }
          one = to;
        } else if (to.mayEnd) {
          return false;
        } else if (reached.get(state).add(to)) {
          open.push(to);
          states.push(state);
        }
      }
    }
    return true;
  }

  /** Returns by state the classes of the bytes that follow, each with the next state times 256. */
  private int[][] moves(RunKind kind) {
    int[][] known = moves.get(kind);
    if (known == null) {
      known = new int[kind.states()][];
      for (int state = 0; state < known.length; state++) {
        int from = state;
        known[state] =
            IntStream.range(0, 256)
                .filter(value -> kind.after(from, value) != PlainText.OTHER)
                .map(value -> kind.after(from, value) << 8 | (classes[value] & 0xFF))
                .distinct()
                .toArray();
      }
      moves.put(kind, known);
    }
    return known;
  }

  /**
   * Walks through a part of the tree and collects the tokens that may follow, or without a set
   * stops at the first one.
   */
  private boolean walk(
      Configuration from, TokenTrie tokens, int firstNode, int lastNode, @Nullable BitSet allowed) {
    Configuration[] path = new Configuration[tokens.deepest + 1];
    Arrays.fill(path, from);
    int node = firstNode;
    boolean found = false;
    while (node < lastNode) {
      int level = tokens.depth[node];
      Configuration before = path[level - 1];
      int number = classes[tokens.value[node] & 0xFF] & 0xFF;
      Configuration reached = before.next[number];
      if (reached == null) {
        reached = make(before, number);
      }
      if (reached.isDead()) {
        node = tokens.end[node];
        continue;
      }
      path[level] = reached;
      int token = tokens.token[node];
      if (token >= 0) {
        found = true;
        if (allowed == null) {
          return true;
        }
        for (int id = token; id >= 0; id = tokens.same[id]) {
          allowed.set(id);
        }
      }
      node++;
    }
    return found;
  }

  /**
   * Returns the longest token of the bytes that must follow, or -1 if a token extends beyond them.
   */
  private int forced(Configuration configuration, TokenTrie tokens) {
    Configuration reached = configuration;
    int node = -1;
    int longest = -1;
    while (true) {
      int only = onlyByte(reached);
      if (only < 0) {
        break;
      }
      int child = tokens.child(node, (byte) only);
      if (child < 0) {
        return longest;
      }
      node = child;
      reached = after(reached, only);
      if (tokens.token[node] >= 0) {
        longest = tokens.token[node];
      }
    }
    if (node < 0) {
      return -1;
    }
    boolean goesOn = walk(reached, tokens, node + 1, tokens.end[node], null);
    return goesOn ? -1 : longest;
  }

  /** Returns the only byte that may follow, if the text may not end; else -1. */
  private int onlyByte(Configuration configuration) {
    if (configuration.mayEnd) {
      return -1;
    }
    int only = configuration.live.nextSetBit(0);
    boolean several = only < 0 || configuration.live.nextSetBit(only + 1) >= 0;
    return several || !program.isSingleByte(only) ? -1 : program.byteOf(only);
  }

  /** Progress of one answer. */
  private static final class AnswerState implements ConstraintState {

    private final Machine machine;
    private final TokenBytes vocabulary;
    private Configuration configuration;

    /** Whether the next token starts a text. */
    private boolean first;

    private @Nullable TokenMask allowed;

    AnswerState(
        Machine machine, TokenBytes vocabulary, Configuration configuration, boolean first) {
      this.machine = machine;
      this.vocabulary = vocabulary;
      this.configuration = configuration;
      this.first = first;
    }

    @Override
    public TokenMask allowed() {
      TokenMask known = allowed;
      if (known == null) {
        known = machine.mask(configuration, first);
        allowed = known;
      }
      return known;
    }

    @Override
    public boolean mayEnd() {
      return configuration.mayEnd;
    }

    @Override
    public void accept(int tokenId) {
      if (!allowed().contains(tokenId)) {
        throw new IllegalArgumentException(
            "tokenId: expected a token that the constraint allows, found " + tokenId);
      }
      configuration =
          machine.after(configuration, tokenId, first ? vocabulary.atBeginning() : vocabulary);
      first = false;
      allowed = null;
    }

    @Override
    public int allowedPrefix(int[] tokenIds) {
      AnswerState ahead = new AnswerState(machine, vocabulary, configuration, first);
      for (int i = 0; i < tokenIds.length; i++) {
        if (!ahead.allowed().contains(tokenIds[i])) {
          return i;
        }
        ahead.accept(tokenIds[i]);
      }
      return tokenIds.length;
    }
  }
}
