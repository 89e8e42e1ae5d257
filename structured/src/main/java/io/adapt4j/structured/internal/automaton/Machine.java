package io.adapt4j.structured.internal.automaton;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.structured.internal.grammar.Node;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An automaton over one vocabulary. Configurations are made when a text first reaches them, each
 * with a table of what follows every byte, so that a walk through the vocabulary costs a look-up a
 * byte; the tokens that may follow are kept for each. It does not hold its vocabulary, so that it
 * can be kept as long as that is in use. Thread-safe.
 */
public final class Machine {

  /** Configurations and stacks beyond which all are forgotten. */
  private static final int MOST_CONFIGURATIONS = 100_000;

  /** Bytes of masks beyond which all are forgotten. */
  private static final long MOST_MASK_BYTES = 64L << 20;

  private final Program program;
  private final byte[] classes;
  private final TokenTrie trie;
  private final TokenTrie firstTrie;
  private final int vocabularySize;

  /** Guarded by this object, as are the masks. */
  private Closure closure;

  private final Map<Configuration.Key, TokenMask> masks = new HashMap<>();
  private Configuration start;

  private Machine(Program program, TokenBytes vocabulary) {
    this.program = program;
    this.classes = program.classes();
    this.vocabularySize = vocabulary.size();
    this.trie = TokenTrie.of(vocabulary);
    this.firstTrie = TokenTrie.of(vocabulary.atBeginning());
    this.closure = new Closure(program, 0);
    this.start = closure.start();
  }

  /** An automaton that is not yet bound to a vocabulary. */
  public static final class Automaton {
    private final Program program;

    private Automaton(Program program) {
      this.program = program;
    }

    /**
     * Binds it to a vocabulary.
     *
     * @param vocabulary the bytes of tokens
     * @return the machine
     */
    public Machine over(TokenBytes vocabulary) {
      return new Machine(program, vocabulary);
    }
  }

  /**
   * Builds an automaton.
   *
   * @param root what it accepts
   * @return the automaton
   */
  public static Automaton compile(Node root) {
    return new Automaton(ProgramBuilder.build(root));
  }

  /**
   * Starts an answer.
   *
   * @param vocabulary the vocabulary of this machine
   * @param atBeginning whether its first token begins a text
   * @return the state of the answer
   */
  public ConstraintState begin(TokenBytes vocabulary, boolean atBeginning) {
    return new AnswerState(this, vocabulary, start(), atBeginning && trie != firstTrie);
  }

  private synchronized Configuration start() {
    return start;
  }

  /** The configuration after a byte, which is dead where the byte may not follow. */
  Configuration after(Configuration configuration, int value) {
    int number = program.classOf(value);
    Configuration known = configuration.next[number];
    return known != null ? known : make(configuration, number);
  }

  private synchronized Configuration make(Configuration configuration, int number) {
    if (closure.size() > MOST_CONFIGURATIONS) {
      closure = new Closure(program, closure.nextStack());
      masks.clear();
      start = closure.start();
    }
    Configuration made = closure.after(configuration, number);
    configuration.next[number] = made;
    return made;
  }

  /** The configuration after the bytes of a token. */
  Configuration after(Configuration configuration, int token, TokenBytes bytes) {
    Configuration reached = configuration;
    for (int i = 0; i < bytes.length(token) && !reached.isDead(); i++) {
      reached = after(reached, bytes.at(token, i));
    }
    return reached;
  }

  /** The tokens that may follow. */
  TokenMask mask(Configuration configuration, boolean first) {
    if (first) {
      return find(configuration, firstTrie);
    }
    TokenMask known = configuration.mask;
    return known != null ? known : keep(configuration);
  }

  private synchronized TokenMask keep(Configuration configuration) {
    Configuration.Key signature = closure.signature(configuration, trie.deepest + 2);
    TokenMask mask = masks.get(signature);
    if (mask == null) {
      mask = find(configuration, trie);
      if (masks.size() * (vocabularySize / 8L + 64) > MOST_MASK_BYTES) {
        masks.clear();
      }
      masks.put(signature, mask);
    }
    configuration.mask = mask;
    return mask;
  }

  private TokenMask find(Configuration configuration, TokenTrie tokens) {
    int forced = forced(configuration, tokens);
    if (forced >= 0) {
      return TokenMask.of(forced);
    }
    BitSet allowed = new BitSet();
    walk(configuration, tokens, 0, tokens.size(), allowed);
    return TokenMask.of(allowed);
  }

  /**
   * Walks through a part of the tree.
   *
   * @param from the configuration before its first nodes
   * @param allowed takes the tokens that may follow; null to stop at the first one
   * @return whether there is one
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
   * The longest token of the bytes that have to follow, or -1 where a token goes on beyond them.
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

  /** The only byte that may follow, where the text may not end; else -1. */
  private int onlyByte(Configuration configuration) {
    if (configuration.mayEnd) {
      return -1;
    }
    int only = -1;
    for (int number = 0; number < program.classCount(); number++) {
      if (!after(configuration, program.byteOf(number)).isDead()) {
        if (only >= 0 || !program.isSingleByte(number)) {
          return -1;
        }
        only = program.byteOf(number);
      }
    }
    return only;
  }
}
