package extensions;

import io.adapt4j.core.reinforce.RewardFunction;
import java.util.Map;

/** The share of vowels among the letters of a completion; none to give where there is no letter. */
public final class VowelReward implements RewardFunction {

  @Override
  public double score(String prompt, String completion, Map<String, Object> fields) {
    long letters = completion.chars().filter(Character::isLetter).count();
    long vowels = completion.chars().filter(letter -> "aeiouAEIOU".indexOf(letter) >= 0).count();
    return letters == 0 ? Double.NaN : (double) vowels / letters;
  }
}
