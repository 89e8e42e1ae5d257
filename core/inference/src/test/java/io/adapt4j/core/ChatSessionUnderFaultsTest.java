package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.generate.GenerationOptions;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted files of sessions under every fault at every call of the disk. */
class ChatSessionUnderFaultsTest {

  private static final GenerationOptions FOUR =
      GenerationOptions.greedy().toBuilder().maxNewTokens(4).ignoreEos(true).build();

  @TempDir private Path temp;

  @Test
  void aSessionInThePlaceOfAnother() throws Exception {
    try (LanguageModel model =
        TestModels.fp32(SmallModel.writeLonger(temp.resolve("model"), 2048))) {
      model.encryptPrompts(new byte[32]);
      model.useChatTemplate(ChatTemplate.named("chatml"));
      ChatSession old = model.session();
      old.add(ChatMessage.user("Hello"));
      ChatSession told = model.session();
      told.send("What did Lily do?", FOUR);
      int faults =
          FaultCheck.of("encrypted session")
              .before(folder -> old.save(folder.resolve("a"), ChatSession.Contents.MESSAGES))
              .writing(
                  folder -> told.save(folder.resolve("a"), ChatSession.Contents.MESSAGES_AND_CACHE))
              .reading(
                  folder -> ChatSession.restore(model, folder.resolve("a")).messages().toString())
              .explainedByCallers()
              .run();
      assertThat(faults).isGreaterThan(60);
    }
  }
}
