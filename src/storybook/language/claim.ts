/** A claim about a picture. `claims.ts` lists and checks claims, `claim-words.ts` puts them into words. */
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

/** Names a thing by its kind, and by its colour only where the scene has two things of the kind. */
export interface Who {
  kind: Kind;
  colour: Colour | null;
}

/** `n` is the number of copies of the thing; it decides between singular and plural. */
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
