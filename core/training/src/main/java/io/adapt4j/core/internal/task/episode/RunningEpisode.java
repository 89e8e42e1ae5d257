package io.adapt4j.core.internal.task.episode;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.internal.chat.AnswerParser;
import io.adapt4j.core.reinforce.Episode;
import io.adapt4j.core.reinforce.Reply;
import io.adapt4j.core.reinforce.Tool;
import io.adapt4j.core.reinforce.Turn;
import io.adapt4j.core.train.TrainingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Episode in progress: the tokens so far, the conversation, and the environment's side. Failures of
 * user code end in a message to the model or in an undefined reward, never in an exception.
 */
public final class RunningEpisode implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RunningEpisode.class);
  private static final int[] NONE = {};

  private final EpisodeSetting setting;
  private final String prompt;
  private final List<ChatMessage> messages;
  private final List<EpisodeTurn> turns = new ArrayList<>();
  private final Episode episode;
  private final long begun = System.nanoTime();
  private int[] ids;
  private int used;
  private boolean over;

  /** Begins an episode after an encoded prompt. */
  public RunningEpisode(
      EpisodeSetting setting,
      int[] ids,
      String prompt,
      List<ChatMessage> messages,
      Map<String, Object> fields) {
    this.setting = setting;
    this.ids = ids;
    this.prompt = prompt;
    this.messages = new ArrayList<>(messages);
    this.episode = begin(fields);
  }

  private Episode begin(Map<String, Object> fields) {
    try {
      return Objects.requireNonNull(
          setting.calls.run(() -> setting.environment.begin(fields), setting.limits.call()),
          "the environment returned no episode");
    } catch (TrainingException e) {
      throw e;
    } catch (Exception e) {
      LOG.warn("An episode could not begin, and its reward is undefined: {}", message(e));
      return turn -> Reply.end().withReward(Double.NaN);
    }
  }

  /** Returns the tokens to continue from. */
  public int[] ids() {
    return ids;
  }

  public boolean isOver() {
    return over;
  }

  /** Returns the turns so far. */
  public List<EpisodeTurn> turns() {
    return List.copyOf(turns);
  }

  /** Takes the policy's next answer, runs its calls, and asks for the environment's reply. */
  public void answered(Generation generation, float[] logProbs) {
    int[] answer = generation.tokenIds().stream().mapToInt(Integer::intValue).toArray();
    used += answer.length;
    boolean truncated = generation.finishReason().isCut();
    AnswerParser.Answer parsed = parsed(generation, answer);
    List<Turn.Call> calls = truncated ? List.of() : run(parsed.calls());
    int number = turns.size() + 1;
    boolean last =
        truncated
            || number >= setting.limits.turns()
            || used + setting.maxNewTokens > setting.limits.tokens()
            || System.nanoTime() - begun >= setting.limits.episode().toNanos();
    Turn turn = new Turn(number, parsed.text(), calls, truncated, last);
    Reply reply = reply(turn);
    over = last || reply.ends() || (calls.isEmpty() && reply.message().isEmpty());
    int[] observation = over ? NONE : observation(turn, answer, reply.message());
    if (used + observation.length + setting.maxNewTokens > setting.limits.tokens()) {
      over = true;
      observation = NONE;
    }
    used += observation.length;
    turns.add(
        new EpisodeTurn(turn, answer, logProbs, reply.message(), observation, reply.reward()));
    ids = joined(ids, answer, observation);
  }

  private AnswerParser.Answer parsed(Generation generation, int[] answer) {
    AnswerParser.Answer plain = new AnswerParser.Answer(generation.text(), List.of());
    if (setting.parser.isEmpty()) {
      return plain;
    }
    boolean ended = generation.finishReason() == FinishReason.EOS;
    int[] said = ended ? Arrays.copyOf(answer, answer.length - 1) : answer;
    // Some vocabularies mark calls by special tokens.
    AnswerParser.Answer parsed =
        setting.parser.get().parse(prompt, setting.tokenizer.decode(said, false));
    return parsed.calls().isEmpty() ? plain : parsed;
  }

  private List<Turn.Call> run(List<AnswerParser.Call> calls) {
    List<Turn.Call> results = new ArrayList<>();
    for (AnswerParser.Call call : calls) {
      Tool tool = Objects.requireNonNull(setting.tools.get(call.name()));
      String result;
      boolean failed = false;
      try {
        result =
            Objects.requireNonNullElse(
                setting.calls.run(
                    () -> episode.call(tool, call.arguments()), setting.limits.call()),
                "");
      } catch (TrainingException e) {
        throw e;
      } catch (Exception e) {
        result = "Error: " + message(e);
        failed = true;
      }
      results.add(new Turn.Call(call.name(), call.arguments(), clipped(result), failed));
    }
    return results;
  }

  private static String message(Exception e) {
    return Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
  }

  private String clipped(String text) {
    int most = setting.limits.resultCharacters();
    if (text.length() <= most) {
      return text;
    }
    return text.substring(0, Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most);
  }

  private Reply reply(Turn turn) {
    try {
      Reply reply =
          Objects.requireNonNull(
              setting.calls.run(() -> episode.reply(turn), setting.limits.call()),
              "the environment returned no reply");
      return new Reply(reply.message().map(this::clipped), reply.ends(), reply.reward());
    } catch (TrainingException e) {
      throw e;
    } catch (Exception e) {
      LOG.warn("An environment failed, and the reward is undefined: {}", message(e));
      return Reply.end().withReward(Double.NaN);
    }
  }

  private int[] observation(Turn turn, int[] answer, Optional<String> reply) {
    List<Continuation.Call> calls = new ArrayList<>();
    List<Map<String, Object>> called = new ArrayList<>();
    List<ChatMessage> next = new ArrayList<>();
    for (Turn.Call call : turn.calls()) {
      Continuation.Call named =
          new Continuation.Call(call.name(), "call_" + turn.number() + "_" + calls.size());
      calls.add(named);
      called.add(named.message(call.arguments()));
      next.add(named.result(call.result()));
    }
    reply.ifPresent(text -> next.add(ChatMessage.user(text)));
    int[] tokens = setting.continuation.tokens(messages, answer, calls, next);
    ChatMessage said = ChatMessage.assistant(turn.text());
    messages.add(called.isEmpty() ? said : said.with("tool_calls", called));
    messages.addAll(next);
    return tokens;
  }

  private static int[] joined(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  @Override
  public void close() {
    try {
      setting.calls.run(
          () -> {
            episode.close();
            return true;
          },
          setting.limits.call());
    } catch (TrainingException e) {
      throw e;
    } catch (Exception e) {
      LOG.warn("An episode could not be closed: {}", message(e));
    }
  }
}
