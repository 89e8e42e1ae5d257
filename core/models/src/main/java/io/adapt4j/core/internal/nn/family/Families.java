package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.decoder.Apertus;
import io.adapt4j.core.internal.nn.family.decoder.Arcee;
import io.adapt4j.core.internal.nn.family.decoder.Bloom;
import io.adapt4j.core.internal.nn.family.decoder.Cohere;
import io.adapt4j.core.internal.nn.family.decoder.Ernie45;
import io.adapt4j.core.internal.nn.family.decoder.Exaone4;
import io.adapt4j.core.internal.nn.family.decoder.Falcon;
import io.adapt4j.core.internal.nn.family.decoder.Gemma;
import io.adapt4j.core.internal.nn.family.decoder.Gemma2;
import io.adapt4j.core.internal.nn.family.decoder.Gemma3;
import io.adapt4j.core.internal.nn.family.decoder.Gemma3n;
import io.adapt4j.core.internal.nn.family.decoder.Gemma4;
import io.adapt4j.core.internal.nn.family.decoder.Glm;
import io.adapt4j.core.internal.nn.family.decoder.Gpt2;
import io.adapt4j.core.internal.nn.family.decoder.GptJ;
import io.adapt4j.core.internal.nn.family.decoder.GptNeo;
import io.adapt4j.core.internal.nn.family.decoder.GptNeoX;
import io.adapt4j.core.internal.nn.family.decoder.Granite;
import io.adapt4j.core.internal.nn.family.decoder.Helium;
import io.adapt4j.core.internal.nn.family.decoder.Hunyuan;
import io.adapt4j.core.internal.nn.family.decoder.InternLm2;
import io.adapt4j.core.internal.nn.family.decoder.Llama;
import io.adapt4j.core.internal.nn.family.decoder.MiniCpm3;
import io.adapt4j.core.internal.nn.family.decoder.Ministral;
import io.adapt4j.core.internal.nn.family.decoder.Ministral3;
import io.adapt4j.core.internal.nn.family.decoder.Mistral;
import io.adapt4j.core.internal.nn.family.decoder.Mpt;
import io.adapt4j.core.internal.nn.family.decoder.Nemotron;
import io.adapt4j.core.internal.nn.family.decoder.Olmo;
import io.adapt4j.core.internal.nn.family.decoder.Olmo2;
import io.adapt4j.core.internal.nn.family.decoder.Olmo3;
import io.adapt4j.core.internal.nn.family.decoder.Opt;
import io.adapt4j.core.internal.nn.family.decoder.Phi;
import io.adapt4j.core.internal.nn.family.decoder.Phi3;
import io.adapt4j.core.internal.nn.family.decoder.Qwen2;
import io.adapt4j.core.internal.nn.family.decoder.Qwen3;
import io.adapt4j.core.internal.nn.family.decoder.QwenVision;
import io.adapt4j.core.internal.nn.family.decoder.SeedOss;
import io.adapt4j.core.internal.nn.family.decoder.SmolLm3;
import io.adapt4j.core.internal.nn.family.decoder.StableLm;
import io.adapt4j.core.internal.nn.family.decoder.Starcoder2;
import io.adapt4j.core.internal.nn.family.encoder.Albert;
import io.adapt4j.core.internal.nn.family.encoder.Bert;
import io.adapt4j.core.internal.nn.family.encoder.DebertaV2;
import io.adapt4j.core.internal.nn.family.encoder.DistilBert;
import io.adapt4j.core.internal.nn.family.encoder.Electra;
import io.adapt4j.core.internal.nn.family.encoder.EuroBert;
import io.adapt4j.core.internal.nn.family.encoder.Gte;
import io.adapt4j.core.internal.nn.family.encoder.JinaV3;
import io.adapt4j.core.internal.nn.family.encoder.ModernBert;
import io.adapt4j.core.internal.nn.family.encoder.MpNet;
import io.adapt4j.core.internal.nn.family.encoder.NomicBert;
import io.adapt4j.core.internal.nn.family.encoder.Roberta;
import io.adapt4j.core.internal.nn.family.expert.Afmoe;
import io.adapt4j.core.internal.nn.family.expert.DeepSeek;
import io.adapt4j.core.internal.nn.family.expert.Ernie45Moe;
import io.adapt4j.core.internal.nn.family.expert.ExaoneMoe;
import io.adapt4j.core.internal.nn.family.expert.GptOss;
import io.adapt4j.core.internal.nn.family.expert.GraniteMoe;
import io.adapt4j.core.internal.nn.family.expert.HunyuanMoe;
import io.adapt4j.core.internal.nn.family.expert.LongcatFlash;
import io.adapt4j.core.internal.nn.family.expert.MiniMaxM2;
import io.adapt4j.core.internal.nn.family.expert.Mixtral;
import io.adapt4j.core.internal.nn.family.expert.Olmoe;
import io.adapt4j.core.internal.nn.family.expert.PhiMoe;
import io.adapt4j.core.internal.nn.family.expert.QwenMoe;
import io.adapt4j.core.internal.nn.family.expert.QwenVisionMoe;
import io.adapt4j.core.internal.nn.family.expert.SigmoidRouted;
import io.adapt4j.core.internal.nn.family.hybrid.Bamba;
import io.adapt4j.core.internal.nn.family.hybrid.FalconH1;
import io.adapt4j.core.internal.nn.family.hybrid.GraniteHybrid;
import io.adapt4j.core.internal.nn.family.hybrid.Lfm2;
import io.adapt4j.core.internal.nn.family.hybrid.NemotronH;
import io.adapt4j.core.internal.nn.family.hybrid.PureMamba2;
import io.adapt4j.core.internal.nn.family.hybrid.Qwen3Next;
import io.adapt4j.core.internal.nn.family.sequence.Bart;
import io.adapt4j.core.internal.nn.family.sequence.T5;
import io.adapt4j.core.internal.nn.family.sequence.Whisper;
import io.adapt4j.core.internal.nn.family.vision.VisionText;
import java.util.List;

/** Registry of the model families that this build supports. */
final class Families {

  static final List<Architecture> ALL =
      List.of(
          new Llama(),
          new Mistral(),
          new Ministral(),
          new Ministral3(),
          new Apertus(),
          new Qwen2(),
          new Qwen3(),
          QwenVision.second(),
          QwenVision.third(),
          new VisionText(),
          new Gemma(),
          new Gemma2(),
          new Gemma3(),
          new Gemma3n(),
          new Gemma4(),
          new Phi3(),
          new SmolLm3(),
          new Olmo(),
          new Olmo2(),
          new Olmo3(),
          new Granite(),
          new Mixtral(),
          new QwenMoe(),
          new QwenVisionMoe(),
          new Olmoe(),
          new GptOss(),
          GptOss.privacyFilter(),
          new GraniteMoe(),
          new Ernie45Moe(),
          SigmoidRouted.glm4Moe(),
          SigmoidRouted.dots1(),
          DeepSeek.second(),
          DeepSeek.third(),
          DeepSeek.sparse(),
          DeepSeek.fifth(),
          DeepSeek.flash(),
          new LongcatFlash(),
          new MiniCpm3(),
          new MiniMaxM2(),
          new PhiMoe(),
          new ExaoneMoe(),
          new Afmoe(),
          new HunyuanMoe(),
          new Qwen3Next(),
          new Lfm2(),
          new GraniteHybrid(),
          new Bamba(),
          new FalconH1(),
          new PureMamba2(),
          new NemotronH(),
          new Glm(),
          new Cohere(),
          new Phi(),
          new Starcoder2(),
          new StableLm(),
          new Nemotron(),
          new Exaone4(),
          new SeedOss(),
          new Hunyuan(),
          new Arcee(),
          new Ernie45(),
          new Helium(),
          new Falcon(),
          new InternLm2(),
          new Gpt2(),
          new GptNeo(),
          new GptNeoX(),
          new GptJ(),
          new Opt(),
          new Bloom(),
          new Mpt(),
          new Bert(),
          new Roberta(),
          new DistilBert(),
          new ModernBert(),
          new MpNet(),
          new Electra(),
          new Albert(),
          new DebertaV2(),
          new NomicBert(),
          new Gte(),
          new EuroBert(),
          new JinaV3(),
          new T5(),
          new Bart(),
          new Whisper());

  private Families() {}
}
