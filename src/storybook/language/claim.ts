/** A claim about a picture: what it is about and what it says. `claims.ts` asks, checks and words it. */
import type {
  Accessory,
  Background,
  Colour,
  Expression,
  Kind,
  Pattern,
  Place,
  Size,
  Style,
  Time,
  Weather,
} from '../scene.ts';

/** Which thing is meant; the colour only where two things of the kind are asked for. */
export interface Who {
  kind: Kind;
  colour: Colour | null;
}

export type Claim =
  | { about: 'count'; who: Who; n: number }
  | { about: 'colour'; who: Who; n: number; colour: Colour }
  | { about: 'pattern'; who: Who; n: number; pattern: Pattern; patternColour: Colour | null }
  | { about: 'accessory'; who: Who; n: number; accessory: Accessory | null }
  | { about: 'expression'; who: Who; n: number; expression: Expression }
  | { about: 'size'; who: Who; n: number; size: Size }
  | { about: 'place'; who: Who; n: number; place: Place }
  | { about: 'order'; left: Who; right: Who; nLeft: number; nRight: number }
  | { about: 'between'; who: Who; n: number; left: Who; right: Who }
  | { about: 'background'; background: Background }
  | { about: 'time'; time: Time }
  | { about: 'weather'; weather: Weather }
  | { about: 'style'; style: Style };
